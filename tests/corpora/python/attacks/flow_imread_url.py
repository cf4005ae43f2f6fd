import matplotlib.pyplot as plt
plt.imread("http://evil.test/x.png")
