import matplotlib.pyplot as plt
plt.figure()
plt.plot([1, 2, 3])
plt.savefig("equity_curve.png", dpi=120, bbox_inches="tight")
plt.close()
