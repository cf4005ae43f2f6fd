import matplotlib.pyplot as plt
plt.plot([1]); plt.gcf().canvas.print_raw('/tmp/x/raw.bin')
