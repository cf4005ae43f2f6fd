import numba as nb
import numpy as np
from numba import float64, int64, jit, njit, prange, vectorize
from numba.experimental import jitclass


@njit(cache=True)
def drawdown(prices):
    peak, worst = prices[0], 0.0
    for i in range(len(prices)):
        if prices[i] > peak:
            peak = prices[i]
        worst = min(worst, prices[i] / peak - 1)
    return worst


@njit("float64[:](float64[:], int64)")
def ema(prices, span):
    out = np.empty_like(prices)
    out[0] = prices[0]
    for i in range(1, len(prices)):
        out[i] = out[i - 1] + 2.0 / (span + 1) * (prices[i] - out[i - 1])
    return out


@jit(nopython=True, parallel=True, fastmath=True)
def total(prices):
    out = 0.0
    for i in prange(len(prices)):
        out += prices[i]
    return out


@vectorize([float64(float64, float64)])
def spread(a, b):
    return a - b


@jitclass([("cash", float64), ("units", int64)])
class Account:
    def __init__(self, cash):
        self.cash = cash
        self.units = 0

    def buy(self, price):
        self.units += 1
        self.cash -= price


@nb.njit
def past_the_end(prices):
    return prices[len(prices) + 1_000_000]


prices = 100 * np.exp(np.cumsum(np.random.default_rng(7).normal(0, 0.01, 1000)))
account = Account(1000.0)
account.buy(100.0)
try:
    past_the_end(prices)
    checked = False
except IndexError:
    checked = True
emit(numba=drawdown(prices), smooth=ema(prices, 20)[-1], sum=total(prices), cash=account.cash, checked=checked)
print(spread(prices, ema(prices, 20))[:3])
