import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
import statsmodels.api as sm
def draw(ax, r):
    ax.plot(r); return ax
def figure():
    fig, ax = plt.subplots()
    return fig, ax, plt
r = np.arange(10.0)
fig, ax, p = figure()
draw(plt, r); draw(ax, r)
stats.probplot(r, dist="norm", plot=plt)
stats.boxcox_normplot(r + 1, -2, 2, plot=plt)
STYLE = {"font.size": 9}
STYLE["axes.grid"] = True
STYLE.update({"figure.figsize": (8, 4)})
plt.rcParams.update(STYLE)
plt.rcParams["lines.linewidth"] = 2
for k, v in STYLE.items():
    plt.rcParams[k] = v
plt.savefig("equity.png"); fig.savefig("/tmp/artifacts/e.png", dpi=100)
def helper(plotter=plt): plotter.plot(r)
helper()
