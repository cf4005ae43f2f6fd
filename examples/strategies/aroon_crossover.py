# Aroon up/down crossover
import numpy as np
import pandas as pd

period = params.get("period", 25)
margin = params.get("margin", 0)
cost_bps = params.get("cost_bps", 5)
df = data["nasdaq"]

# bars since the highest high / lowest low of the last period + 1 bars
high_windows = np.lib.stride_tricks.sliding_window_view(df["High"].to_numpy(), period + 1)
low_windows = np.lib.stride_tricks.sliding_window_view(df["Low"].to_numpy(), period + 1)
pad = np.full(period, np.nan)
aroon_up = np.concatenate([pad, 100 * high_windows.argmax(axis=1) / period])
aroon_down = np.concatenate([pad, 100 * low_windows.argmin(axis=1) / period])
oscillator = pd.Series(aroon_up - aroon_down, index=df.index)

raw = pd.Series(np.nan, index=df.index)
raw[oscillator > margin] = 1.0
raw[oscillator < -margin] = 0.0
position = raw.ffill().fillna(0.0)

turnover = position.diff().abs().fillna(0.0)
net = position.shift().fillna(0.0) * df["Close"].pct_change().fillna(0.0) - turnover * cost_bps / 1e4
equity = net.add(1).cumprod()
std = net.std()
stats = {
    "total_return": float(equity.iloc[-1] - 1),
    "annual_return": float(equity.iloc[-1] ** (252 / len(net)) - 1),
    "sharpe": float(net.mean() / std * np.sqrt(252)) if std > 0 else 0.0,
    "max_drawdown": float(equity.div(equity.cummax()).sub(1).min()),
    "trades": int(turnover.gt(0).sum()),
}
print(f"Aroon({period}) crossover with margin {margin}")
print({k: round(v, 3) for k, v in stats.items()})
emit(**stats)
