"""Pairs trade on the ratio of the S&P 500 to the NASDAQ Composite."""

import numpy as np
import pandas as pd

window = params.get("window", 60)
entry_z = params.get("entry_z", 2.0)
exit_z = params.get("exit_z", 0.5)
cost_bps = params.get("cost_bps", 5)

pair = pd.DataFrame({"a": data["sp500"]["Close"], "b": data["nasdaq"]["Close"]}).dropna()
ratio = np.log(pair["a"] / pair["b"])
z = (ratio - ratio.rolling(window).mean()) / ratio.rolling(window).std()

state = 0.0
states = []
for value in z.to_numpy():
    if np.isnan(value):
        state = 0.0
    elif state == 0.0 and value > entry_z:
        state = -1.0  # ratio is rich: short S&P, long NASDAQ
    elif state == 0.0 and value < -entry_z:
        state = 1.0
    elif state != 0.0 and abs(value) < exit_z:
        state = 0.0
    states.append(state)
position = pd.Series(states, index=pair.index)

# half of the capital in each leg
spread_return = 0.5 * (pair["a"].pct_change() - pair["b"].pct_change()).fillna(0.0)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * spread_return - turnover * cost_bps / 10_000
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0

print(f"Ratio pairs trade: |z| > {entry_z} in, |z| < {exit_z} out, window {window}")
print(f"Sharpe {sharpe:.2f}, days in a trade {int((position != 0).sum())}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
)
