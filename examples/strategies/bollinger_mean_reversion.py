"""Bollinger band mean reversion: buy at the lower band, leave at the middle."""

import numpy as np
import pandas as pd


class BollingerMeanReversion:
    def __init__(self, window=20, num_std=2.0, cost_bps=5, allow_short=False):
        self.window = window
        self.num_std = num_std
        self.cost_bps = cost_bps
        self.allow_short = allow_short

    def bands(self, close):
        middle = close.rolling(self.window).mean()
        width = self.num_std * close.rolling(self.window).std()
        return middle - width, middle, middle + width

    def signals(self, close):
        lower, middle, upper = self.bands(close)
        state = 0
        states = np.zeros(len(close))
        for i, (price, lo, mid, hi) in enumerate(zip(close, lower, middle, upper)):
            if np.isnan(mid):
                continue
            if state == 0:
                if price < lo:
                    state = 1
                elif price > hi and self.allow_short:
                    state = -1
            elif state == 1 and price >= mid:
                state = 0
            elif state == -1 and price <= mid:
                state = 0
            states[i] = state
        return pd.Series(states, index=close.index)

    def backtest(self, close):
        position = self.signals(close)
        turnover = position.diff().abs().fillna(0)
        net = position.shift(1).fillna(0) * close.pct_change().fillna(0) - turnover * self.cost_bps / 10000
        return net, int((turnover > 0).sum())


strategy = BollingerMeanReversion(
    window=params.get("window", 20),
    num_std=params.get("num_std", 2.0),
    cost_bps=params.get("cost_bps", 5),
    allow_short=params.get("allow_short", False),
)
net, trades = strategy.backtest(data["sp500"]["Close"])
equity = (1 + net).cumprod()
sharpe = net.mean() / net.std() * np.sqrt(252) if net.std() > 0 else 0.0
print(f"Bollinger mean reversion: window {strategy.window}, {strategy.num_std} standard deviations")
print(f"Final equity {equity.iloc[-1]:.3f} after {trades} position changes, Sharpe {sharpe:.2f}")
emit(total_return=float(equity.iloc[-1] - 1))
emit(annual_return=float(equity.iloc[-1] ** (252 / len(equity)) - 1), sharpe=float(sharpe))
emit(max_drawdown=float((equity / equity.cummax() - 1).min()), trades=trades)
