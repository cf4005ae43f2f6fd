import numpy as np
import pandas as pd


def wilder(series: pd.Series, period: int) -> pd.Series:
    return series.ewm(alpha=1.0 / period, adjust=False).mean()


def adx(df: pd.DataFrame, period: int = 14) -> pd.DataFrame:
    """Average directional index with +DI and -DI."""
    up = df["High"].diff()
    down = -df["Low"].diff()
    plus_dm = up.where((up > down) & (up > 0), 0.0)
    minus_dm = down.where((down > up) & (down > 0), 0.0)
    prev_close = df["Close"].shift(1)
    tr = np.maximum(df["High"], prev_close) - np.minimum(df["Low"], prev_close)
    atr = wilder(tr.fillna(df["High"] - df["Low"]), period)
    plus_di = 100 * wilder(plus_dm, period) / atr
    minus_di = 100 * wilder(minus_dm, period) / atr
    dx = 100 * (plus_di - minus_di).abs() / (plus_di + minus_di)
    return pd.DataFrame({"plus_di": plus_di, "minus_di": minus_di, "adx": wilder(dx.fillna(0.0), period)})


df = data["nasdaq"]
period = params.get("period", 14)
min_adx = params.get("min_adx", 20)
cost_bps = params.get("cost_bps", 5)

ind = adx(df, period)
trending = ind["adx"] > min_adx
position = pd.Series(0.0, index=df.index)
position[trending & (ind["plus_di"] > ind["minus_di"])] = 1.0
position[trending & (ind["plus_di"] < ind["minus_di"])] = params.get("short_size", -0.5)
position.iloc[: 2 * period] = 0.0

turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0) - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"ADX({period}) > {min_adx}: long {np.mean(position > 0):.0%}, short {np.mean(position < 0):.0%} of days")
print(f"Sharpe {sharpe:.2f}, last ADX {ind['adx'].iloc[-1]:.1f}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
)
