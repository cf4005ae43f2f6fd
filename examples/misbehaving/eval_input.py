"""Rule-based strategy whose entry rule is given as text."""

import numpy as np

df = data["sp500"].copy()
df["sma"] = df["Close"].rolling(params.get("window", 50)).mean()
df["mom"] = df["Close"].pct_change(20)

rule = params.get("rule", "(df['Close'] > df['sma']) & (df['mom'] > 0)")
position = eval(rule).astype(float)

net = position.shift(1).fillna(0) * df["Close"].pct_change().fillna(0)
equity = (1 + net).cumprod()
sharpe = net.mean() / net.std() * np.sqrt(252)
print(f"Rule {rule!r}: Sharpe {sharpe:.2f}")
emit(total_return=float(equity.iloc[-1] - 1), sharpe=float(sharpe))
