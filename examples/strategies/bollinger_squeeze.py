# Volatility squeeze: wait until the Bollinger band width is at a multi-month low,
# then go with the direction in which the price leaves the bands.
import numpy as np
import pandas as pd

window = params.get("window", 20)
lookback = params.get("lookback", 120)
quantile = params.get("quantile", 0.2)
hold = params.get("hold", 20)
cost_bps = params.get("cost_bps", 5)

close = data["nasdaq"]["Close"]
mid = close.rolling(window).mean()
std = close.rolling(window).std()
bandwidth = 4 * std / mid
squeeze = bandwidth <= bandwidth.rolling(lookback).quantile(quantile)
recent_squeeze = squeeze.rolling(5).max().fillna(0).astype(bool)
breakout_up = recent_squeeze & (close > mid + 1.5 * std)
breakout_down = recent_squeeze & (close < mid - 1.5 * std)

direction = pd.Series(np.nan, index=close.index)
direction[breakout_up] = 1.0
direction[breakout_down] = -1.0
position = direction.ffill(limit=hold).fillna(0.0)

ret = close.pct_change().fillna(0.0)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * ret - turnover * cost_bps / 1e4
curve = (1.0 + net).cumprod()
vol = net.std()
sharpe = float(net.mean() / vol * 252**0.5) if vol > 0 else 0.0

print(f"Squeeze breakouts: {int(breakout_up.sum())} up days, {int(breakout_down.sum())} down days")
print(f"Sharpe {sharpe:.2f}, total {curve.iloc[-1] - 1:.1%}")
emit(
    total_return=float(curve.iloc[-1] - 1),
    annual_return=float(curve.iloc[-1] ** (252 / len(curve)) - 1),
    sharpe=sharpe,
    max_drawdown=float((curve / curve.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
)
