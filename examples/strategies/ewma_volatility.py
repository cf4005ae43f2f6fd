# RiskMetrics-style EWMA variance; step aside while short-term variance is above the long-term one.
import numpy as np
import pandas as pd

lam = params.get("lam", 0.94)
long_lam = params.get("long_lam", 0.99)
ratio_limit = params.get("ratio_limit", 1.2)
cost_bps = params.get("cost_bps", 5)

close = data["nasdaq"]["Close"]
r = close.pct_change().fillna(0.0)
fast_var = (r**2).ewm(alpha=1 - lam, adjust=False).mean()
slow_var = (r**2).ewm(alpha=1 - long_lam, adjust=False).mean()
stress = fast_var / slow_var

position = pd.Series(np.where(stress < ratio_limit, 1.0, params.get("stress_weight", 0.25)), index=close.index)
position.iloc[:60] = 0.0
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * r - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
tail = net.quantile(0.01)

print(f"EWMA lambda {lam}: stressed on {(stress >= ratio_limit).mean():.0%} of days, 1% day {tail:.2%}")
print(f"Sharpe {sharpe:.2f}, annualised volatility {net.std() * 252**0.5:.1%}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
    value_at_risk_99=float(tail),
)
