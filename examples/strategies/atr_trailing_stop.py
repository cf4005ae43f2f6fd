"""Long with an ATR trailing stop; re-enter on a new N-day closing high."""

import numpy as np
import pandas as pd


class TrailingStop:
    def __init__(self, multiple: float):
        self.multiple = multiple
        self.level = None

    def start(self, price: float, atr: float) -> None:
        self.level = price - self.multiple * atr

    def update(self, price: float, atr: float) -> bool:
        """Raise the stop; True when it is hit."""
        if price < self.level:
            return True
        self.level = max(self.level, price - self.multiple * atr)
        return False


def atr(df: pd.DataFrame, period: int) -> pd.Series:
    pc = df["Close"].shift(1)
    tr = np.maximum(df["High"], pc) - np.minimum(df["Low"], pc)
    return tr.rolling(period).mean()


def main() -> None:
    df = data["sp500"]
    entry_window = params.get("entry_window", 50)
    stop = TrailingStop(params.get("multiple", 3.0))
    ranges = atr(df, params.get("atr_period", 14)).to_numpy()
    close = df["Close"].to_numpy()
    highest = df["Close"].rolling(entry_window).max().to_numpy()

    position = np.zeros(len(df))
    long, stopped = False, 0
    for i in range(entry_window, len(df)):
        if long:
            if stop.update(close[i], ranges[i]):
                long = False
                stopped += 1
        elif close[i] >= highest[i]:
            long = True
            stop.start(close[i], ranges[i])
        position[i] = float(long)

    returns = pd.Series(close, index=df.index).pct_change().fillna(0.0)
    position = pd.Series(position, index=df.index)
    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * returns - turnover * params.get("cost_bps", 5) / 1e4
    equity = (1 + net).cumprod()
    sharpe = float(net.mean() / net.std() * 252**0.5) if net.std() > 0 else 0.0
    print(f"ATR stop x{stop.multiple}: stopped out {stopped} times")
    print(f"Sharpe {sharpe:.2f}, buy and hold made {close[-1] / close[0] - 1:.1%}, this made {equity.iloc[-1] - 1:.1%}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int((turnover > 0).sum()),
        stopped_out=stopped,
    )


if __name__ == "__main__":
    main()
