import matplotlib.pyplot as plt
with plt.style.context(['/etc/passwd']):
    pass
