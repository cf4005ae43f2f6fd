import matplotlib.pyplot as plt
plt.rcParams["backend"] = "module://evil"
