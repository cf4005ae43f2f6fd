import numpy as np
import pandas as pd

df = data["sp500"]
period = params.get("period", 20)
buy_above = params.get("buy_above", 0.05)
sell_below = params.get("sell_below", -0.05)
cost_bps = params.get("cost_bps", 5)

# money flow multiplier: +1 for a close at the high, -1 for a close at the low
day_range = (df["High"] - df["Low"]).replace(0, np.nan)
multiplier = ((df["Close"] - df["Low"]) - (df["High"] - df["Close"])) / day_range
flow = (multiplier.fillna(0.0) * df["Volume"]).rolling(period).sum()
cmf = flow / df["Volume"].rolling(period).sum()

signal = pd.Series(np.select([cmf > buy_above, cmf < sell_below], [1.0, 0.0], default=np.nan), index=df.index)
position = signal.ffill().fillna(0.0)

market = df["Close"].pct_change().fillna(0.0)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * market - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
drawdown = equity / equity.cummax() - 1
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0

print(f"Chaikin money flow({period}): now {cmf.iloc[-1]:+.3f}")
print(f"Sharpe {sharpe:.2f} (market {market.mean() / market.std() * np.sqrt(252):.2f}), {int(turnover.sum())} trades")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float(drawdown.min()),
    trades=int(turnover.sum()),
    last_cmf=float(cmf.iloc[-1]),
)
