"""
Turtle-style Donchian channel breakout.

Entry: close above the highest high of the previous N days (below the lowest low for shorts).
Exit:  close beyond the opposite M-day extreme, M < N.
"""

from enum import Enum

import numpy as np
import pandas as pd


class Side(Enum):
    FLAT = 0
    LONG = 1
    SHORT = -1


class TurtleTrader:
    def __init__(self, entry: int, exit_: int, long_only: bool):
        self.entry = entry
        self.exit_ = exit_
        self.long_only = long_only
        self.side = Side.FLAT

    def step(self, close, entry_high, entry_low, exit_high, exit_low) -> int:
        if self.side is Side.LONG and close < exit_low:
            self.side = Side.FLAT
        elif self.side is Side.SHORT and close > exit_high:
            self.side = Side.FLAT
        if self.side is Side.FLAT:
            if close > entry_high:
                self.side = Side.LONG
            elif close < entry_low and not self.long_only:
                self.side = Side.SHORT
        return self.side.value

    def run(self, df: pd.DataFrame) -> np.ndarray:
        # shift(1): the channel must not contain today's bar
        columns = (
            df["Close"],
            df["High"].rolling(self.entry).max().shift(1),
            df["Low"].rolling(self.entry).min().shift(1),
            df["High"].rolling(self.exit_).max().shift(1),
            df["Low"].rolling(self.exit_).min().shift(1),
        )
        return np.array([self.step(*values) for values in zip(*columns)], dtype=float)


if __name__ == "__main__":
    frame = data["nasdaq"]
    trader = TurtleTrader(params.get("entry", 20), params.get("exit", 10), params.get("long_only", True))
    position = trader.run(frame)
    market = frame["Close"].pct_change().fillna(0.0).to_numpy()
    changes = np.abs(np.diff(position, prepend=0.0))
    pnl = np.roll(position, 1)
    pnl[0] = 0.0
    pnl = pnl * market - changes * params.get("cost_bps", 5) / 1e4
    equity = np.cumprod(1.0 + pnl)
    spread = pnl.std(ddof=1)
    sharpe = float(pnl.mean() / spread * np.sqrt(252)) if spread > 0 else 0.0
    drawdown = float((equity / np.maximum.accumulate(equity) - 1).min())
    print(f"Donchian {trader.entry}/{trader.exit_}, long only: {trader.long_only}")
    print(f"Sharpe {sharpe:.2f}, drawdown {drawdown:.1%}, last side {trader.side.name}")
    emit(
        total_return=float(equity[-1] - 1),
        annual_return=float(equity[-1] ** (252 / len(pnl)) - 1),
        sharpe=sharpe,
        max_drawdown=drawdown,
        trades=int(np.count_nonzero(changes)),
    )
