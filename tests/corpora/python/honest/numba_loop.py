from numba import njit, prange
import numpy as np
@njit(cache=False)
def drawdown(x):
    peak, worst = x[0], 0.0
    for i in range(len(x)):
        if x[i] > peak:
            peak = x[i]
        worst = min(worst, x[i] / peak - 1)
    return worst
print(drawdown(data["sp500"]["Close"].to_numpy()))
