import matplotlib.pyplot as plt
plt.style.use("/tmp/evil.mplstyle")
