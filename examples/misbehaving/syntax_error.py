import numpy as np


def momentum_signal(close, lookback=20)
    momentum = close / close.shift(lookback) - 1
    return np.sign(momentum).fillna(0)


close = data["sp500"]["Close"]
position = momentum_signal(close, params.get("lookback", 20))
net = position.shift(1).fillna(0) * close.pct_change().fillna(0)
print(f"Total return: {(1 + net).prod() - 1:.1%}")
emit(total_return=float((1 + net).prod() - 1))
