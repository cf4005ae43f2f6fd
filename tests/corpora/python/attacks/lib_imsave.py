import matplotlib.pyplot as plt
plt.imsave("/tmp/x.png", [[1]])
