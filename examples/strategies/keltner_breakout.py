import numpy as np
import pandas as pd
from typing import Tuple


def average_true_range(df: pd.DataFrame, period: int) -> pd.Series:
    previous = df["Close"].shift(1)
    true_range = pd.concat(
        [df["High"] - df["Low"], (df["High"] - previous).abs(), (df["Low"] - previous).abs()], axis=1
    ).max(axis=1)
    return true_range.ewm(span=period, adjust=False).mean()


def keltner_channel(df: pd.DataFrame, period: int, multiplier: float) -> Tuple[pd.Series, pd.Series, pd.Series]:
    typical = (df["High"] + df["Low"] + df["Close"]) / 3
    middle = typical.ewm(span=period, adjust=False).mean()
    band = multiplier * average_true_range(df, period)
    return middle - band, middle, middle + band


df = data["sp500"]
period = params.get("period", 20)
multiplier = params.get("multiplier", 1.5)
cost_bps = params.get("cost_bps", 5)

lower, middle, upper = keltner_channel(df, period, multiplier)
raw = pd.Series(np.nan, index=df.index)
raw[df["Close"] > upper] = 1.0  # breakout: enter
raw[df["Close"] < middle] = 0.0  # back inside: leave
raw.iloc[:period] = 0.0
position = raw.ffill()

turnover = position.diff().abs().fillna(0)
net = position.shift(1).fillna(0) * df["Close"].pct_change().fillna(0) - turnover * cost_bps / 10_000
equity = (1 + net).cumprod()
years = (df.index[-1] - df.index[0]).days / 365.25
sharpe = net.mean() / net.std() * np.sqrt(252) if net.std() > 0 else 0.0

print(f"Keltner breakout, EMA {period}, {multiplier} x ATR, {years:.1f} years")
print(f"CAGR {(equity.iloc[-1] ** (1 / years) - 1):.2%}, Sharpe {sharpe:.2f}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=float(sharpe),
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
)
