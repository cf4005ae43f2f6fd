"""Opening range breakout on daily bars.

The day's opening range is approximated by the open plus and minus a share of the average of the
distance from the open to the nearer extreme ("stretch"). A close beyond the range in the
direction of the trend opens a position at that close, held for a few days.
"""

import numpy as np
import pandas as pd


def stretch(df: pd.DataFrame, window: int) -> pd.Series:
    nearer = np.minimum(df["High"] - df["Open"], df["Open"] - df["Low"])
    return nearer.rolling(window).mean().shift(1)


def breakouts(df: pd.DataFrame, window: int, multiple: float) -> pd.Series:
    width = multiple * stretch(df, window)
    up = df["Close"] > df["Open"] + width
    down = df["Close"] < df["Open"] - width
    return up.astype(int) - down.astype(int)


df = data["nasdaq"]
window = params.get("window", 10)
multiple = params.get("multiple", 3.0)
hold = params.get("hold", 5)
cost_bps = params.get("cost_bps", 5)

signal = breakouts(df, window, multiple)
trend = df["Close"] > df["Close"].rolling(100).mean()
event = pd.Series(np.nan, index=df.index)
event[(signal == 1) & trend] = 1.0
event[signal == -1] = 0.0
position = event.ffill(limit=hold).fillna(0.0)

turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0) - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"Opening range x{multiple}: {int((signal == 1).sum())} up and {int((signal == -1).sum())} down breakouts")
print(f"Sharpe {sharpe:.2f}, trades {int(turnover.sum())}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int(turnover.sum()),
)
