# Walk-forward ordinary least squares on lagged returns, numpy only.
import numpy as np

lags = params.get("lags", 5)
train = params.get("train", 500)
refit = params.get("refit", 21)
cost_bps = params.get("cost_bps", 5)

close = data["sp500"]["Close"].to_numpy()
returns = np.diff(np.log(close))
n = len(returns)

# row t: the returns of t, t-1, ..., t-lags+1, which are known at the close of bar t
features = np.column_stack([np.roll(returns, k) for k in range(lags)])
features = np.column_stack([np.ones(n), features])

forecast = np.zeros(n)
coef = None
for t in range(train + lags, n):
    if coef is None or (t - train - lags) % refit == 0:
        rows = slice(t - train, t)  # features up to t-1 ...
        target = returns[t - train + 1 : t + 1]  # ... with the return that followed
        coef, *_ = np.linalg.lstsq(features[rows], target, rcond=None)
    forecast[t] = features[t] @ coef

position = np.sign(forecast)
simple = np.expm1(returns)
turnover = np.abs(np.diff(position, prepend=0.0))
net = np.zeros(n)
net[1:] = position[:-1] * simple[1:]
net -= turnover * cost_bps / 1e4

equity = np.cumprod(1 + net)
hit = np.mean(np.sign(returns[1:][position[:-1] != 0]) == position[:-1][position[:-1] != 0])
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"Walk-forward OLS with {lags} lags, refit every {refit} days")
print(f"Hit rate {hit:.1%}, Sharpe {sharpe:.2f} after costs")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / n) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
    trades=int(np.count_nonzero(turnover)),
    hit_rate=float(hit),
)
