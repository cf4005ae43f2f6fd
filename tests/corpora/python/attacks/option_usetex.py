import matplotlib.pyplot as plt
plt.rcParams.update(**{"text.usetex": True})
