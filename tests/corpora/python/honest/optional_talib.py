import numpy as np
try:
    import talib
    HAVE = True
except ImportError:
    talib = None
    HAVE = False
close = data["sp500"]["Close"].to_numpy()
def rsi(x, n=14):
    if HAVE:
        return talib.RSI(x, timeperiod=n)
    d = np.diff(x, prepend=x[0])
    up = np.where(d > 0, d, 0.0)
    dn = np.where(d < 0, -d, 0.0)
    k = np.ones(n) / n
    return 100 - 100 / (1 + np.convolve(up, k, "same") / (np.convolve(dn, k, "same") + 1e-12))
print(rsi(close)[-1])
