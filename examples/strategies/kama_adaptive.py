import numpy as np


class KAMA:
    """Kaufman's adaptive moving average: fast in trends, slow in noise."""

    def __init__(self, period=10, fast=2, slow=30):
        self.period = period
        self.fast_sc = 2 / (fast + 1)
        self.slow_sc = 2 / (slow + 1)

    def calculate(self, prices):
        result = np.full(len(prices), np.nan)
        result[self.period] = prices[self.period]
        steps = np.abs(np.diff(prices))
        for t in range(self.period + 1, len(prices)):
            change = abs(prices[t] - prices[t - self.period])
            noise = steps[t - self.period : t].sum()
            efficiency = change / noise if noise else 0.0
            smoothing = (efficiency * (self.fast_sc - self.slow_sc) + self.slow_sc) ** 2
            result[t] = result[t - 1] + smoothing * (prices[t] - result[t - 1])
        return result


class KamaStrategy(KAMA):
    def __init__(self, period, filter_share, cost_bps):
        super().__init__(period=period)
        self.filter_share = filter_share
        self.cost_bps = cost_bps

    def positions(self, prices):
        kama = self.calculate(prices)
        moves = np.diff(kama, prepend=np.nan)
        position = np.zeros(len(prices))
        low = high = kama[self.period]
        for t in range(self.period + 22, len(prices)):
            noise = self.filter_share * np.nanstd(moves[t - 20 : t + 1])
            low, high = min(low, kama[t]), max(high, kama[t])
            position[t] = position[t - 1]
            if position[t] == 0 and kama[t] - low > noise:
                position[t], high = 1.0, kama[t]
            elif position[t] == 1 and high - kama[t] > noise:
                position[t], low = 0.0, kama[t]
        return position


prices = data["sp500"]["Close"].to_numpy()
strategy = KamaStrategy(params.get("period", 10), params.get("filter_share", 1.0), params.get("cost_bps", 5))
position = strategy.positions(prices)
returns = np.diff(prices) / prices[:-1]
turnover = np.abs(np.diff(position))
net = position[:-1] * returns - turnover * strategy.cost_bps / 1e4
equity = np.cumprod(1 + net)
sharpe = float(net.mean() / net.std(ddof=1) * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"{type(strategy).__name__} with period {strategy.period}: Sharpe {sharpe:.2f}, final equity {equity[-1]:.2f}")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
    trades=int(turnover.sum()),
)
