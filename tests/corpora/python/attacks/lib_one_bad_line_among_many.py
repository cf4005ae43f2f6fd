import numpy as np
import pandas as pd
def sma(x, n):
    return x.rolling(n).mean()
prices = data["sp500"]["Close"]
fast, slow = sma(prices, 10), sma(prices, 50)
signal = (fast > slow).astype(int)
np.core._internal.ctypes
returns = prices.pct_change() * signal.shift(1)
print(returns.sum())
