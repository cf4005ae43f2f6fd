import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(10, 4))
ax.plot(data["sp500"]["Close"], label="close", color=plt.cm.viridis(0.3))
ax.set_title("S&P 500")
ax.legend()
plt.tight_layout()
plt.show()
