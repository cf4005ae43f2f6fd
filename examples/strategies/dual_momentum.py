"""Dual momentum: the stronger of two indices, but only if it beats cash."""

import numpy as np
import pandas as pd


class DualMomentum:
    def __init__(self, lookback_months: int = 12, cash_rate: float = 0.02):
        self.lookback = lookback_months * 21
        self.cash_rate = cash_rate
        self.hurdle = cash_rate * lookback_months / 12

    def weights(self, prices: pd.DataFrame) -> pd.DataFrame:
        momentum = prices / prices.shift(self.lookback) - 1
        best = momentum.fillna(-1.0).idxmax(axis=1)
        strong = momentum.max(axis=1) > self.hurdle
        target = pd.DataFrame(0.0, index=prices.index, columns=prices.columns)
        for column in prices.columns:
            target[column] = ((best == column) & strong).astype(float)
        # decide on the first trading day of each month only
        month = prices.index.month
        first_day = np.append(True, month[1:] != month[:-1])
        return target.where(pd.Series(first_day, index=prices.index), np.nan).ffill().fillna(0.0)

    def run(self, prices: pd.DataFrame, cost_bps: float) -> tuple[pd.Series, pd.DataFrame]:
        w = self.weights(prices)
        held = w.shift(1).fillna(0.0)
        asset = (held * prices.pct_change().fillna(0.0)).sum(axis=1)
        cash = (1 - held.sum(axis=1)) * self.cash_rate / 252
        turnover = w.diff().abs().sum(axis=1)
        return asset + cash - turnover * cost_bps / 1e4, w


if __name__ == "__main__":
    prices = pd.DataFrame({name: data[name]["Adj Close"] for name in ("sp500", "nasdaq")})
    model = DualMomentum(params.get("lookback_months", 12), params.get("cash_rate", 0.02))
    net, w = model.run(prices, params.get("cost_bps", 5))
    equity = (1 + net).cumprod()
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    shares = w.mean()
    print("Time in " + ", ".join(f"{k}: {v:.0%}" for k, v in shares.items()) + f", cash: {1 - shares.sum():.0%}")
    print(f"Annual return {equity.iloc[-1] ** (252 / len(net)) - 1:.2%}, Sharpe {sharpe:.2f}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int((w.diff().abs().sum(axis=1) > 0).sum()),
    )
