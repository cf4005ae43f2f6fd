"""Reversion to a rolling volume-weighted average price.

With daily bars there is no intraday VWAP; the rolling one over the last N days serves
as the price that the average recent buyer has paid.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass
class VwapReversion:
    window: int = 20
    discount: float = 0.02
    stop: float = 0.08
    cost_bps: float = 5.0
    log: list = field(default_factory=list)

    def vwap(self, df: pd.DataFrame) -> pd.Series:
        typical = (df["High"] + df["Low"] + df["Close"]) / 3
        return (typical * df["Volume"]).rolling(self.window).sum() / df["Volume"].rolling(self.window).sum()

    def positions(self, df: pd.DataFrame) -> pd.Series:
        vwap = self.vwap(df)
        entry_price = None
        held = []
        for day, price, fair in zip(df.index, df["Close"], vwap):
            if entry_price is None:
                if price < fair * (1 - self.discount):
                    entry_price = price
            elif price >= fair or price < entry_price * (1 - self.stop):
                self.log.append((day, price / entry_price - 1))
                entry_price = None
            held.append(0.0 if entry_price is None else 1.0)
        return pd.Series(held, index=df.index)


if __name__ == "__main__":
    model = VwapReversion(
        window=params.get("window", 20),
        discount=params.get("discount", 0.02),
        stop=params.get("stop", 0.08),
        cost_bps=params.get("cost_bps", 5.0),
    )
    df = data["sp500"]
    position = model.positions(df)
    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0) - turnover * model.cost_bps / 1e4
    equity = (1 + net).cumprod()
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    results = [r for _, r in model.log]
    print(f"VWAP reversion: {len(results)} closed trades, average {np.mean(results) if results else 0:.2%}")
    print(f"Sharpe {sharpe:.2f}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int(turnover.sum()),
    )
