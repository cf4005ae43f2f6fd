import numpy as np
from scipy.optimize import minimize
rets = np.column_stack([data[n]["Close"].pct_change().dropna().to_numpy()[-1000:] for n in ("sp500", "nasdaq")])
mu, cov = rets.mean(0), np.cov(rets.T)
def neg_sharpe(w):
    return -(w @ mu) / np.sqrt(w @ cov @ w)
cons = ({"type": "eq", "fun": lambda w: w.sum() - 1},)
res = minimize(neg_sharpe, np.ones(2) / 2, constraints=cons, bounds=[(0, 1)] * 2)
print(dict(zip(("sp500", "nasdaq"), res.x.round(3))))
