"""Hull moving average slope strategy."""

import numpy as np
import pandas as pd


def wma(values: np.ndarray, window: int) -> np.ndarray:
    weights = np.arange(1, window + 1, dtype=float)
    weights /= weights.sum()
    out = np.full(len(values), np.nan)
    out[window - 1 :] = np.convolve(values, weights[::-1], mode="valid")
    return out


def hull(values: np.ndarray, window: int) -> np.ndarray:
    half = max(window // 2, 1)
    root = max(int(np.sqrt(window)), 1)
    raw = 2 * wma(values, half) - wma(values, window)
    out = np.full(len(values), np.nan)
    out[window - 1 :] = wma(raw[window - 1 :], root)
    return out


window = params.get("window", 55)
confirm = params.get("confirm", 2)
cost_bps = params.get("cost_bps", 5)
close = data["nasdaq"]["Close"]
hma = pd.Series(hull(close.to_numpy(), window), index=close.index)

rising = (hma.diff() > 0).rolling(confirm).min() == 1  # rising for `confirm` days in a row
falling = (hma.diff() < 0).rolling(confirm).min() == 1
raw = pd.Series(np.nan, index=close.index)
raw[rising] = 1.0
raw[falling] = 0.0
position = raw.ffill().fillna(0.0)

turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * close.pct_change().fillna(0.0) - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
sharpe = float(np.sqrt(252) * net.mean() / net.std()) if net.std() > 0 else 0.0
print(f"Hull MA {window}, confirmed over {confirm} days")
print(f"Sharpe {sharpe:.2f}, trades {int(turnover.sum())}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int(turnover.sum()),
)
