import numpy as np


def ema_crossover_strategy(prices, fast=12, slow=26):
    fast_ema = np.convolve(prices, np.ones(fast) / fast, mode="valid")
    slow_ema = np.convolve(prices, np.ones(slow) / slow, mode="valid")

    signals = []
    for i in range(len(fast_ema)):
        if i >= len(slow_ema):
            break
        if fast_ema[i] > slow_ema[i]:
            signals.append("BUY")
        else:
            signals.append("SELL")

    return signals


prices = [100, 102, 101, 103, 105, 104, 106, 108, 107, 110]
signals = ema_crossover_strategy(prices)
print(f"Signals: {signals}")
