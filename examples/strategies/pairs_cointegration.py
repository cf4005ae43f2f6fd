"""Pairs trading that only trades while the two indices look cointegrated.

Each quarter an Engle-Granger test is run on the trailing window; the hedge ratio and the
spread's mean and deviation of that window are used for the following quarter.
"""

import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.tsa.stattools import coint

warnings.filterwarnings("ignore")

train = params.get("train", 504)
step = params.get("step", 63)
p_limit = params.get("p_limit", 0.15)
entry_z = params.get("entry_z", 1.0)
cost_bps = params.get("cost_bps", 5)

sp = np.log(data["sp500"]["Close"])
nq = np.log(data["nasdaq"]["Close"])
w_nq = np.zeros(len(sp))
w_sp = np.zeros(len(sp))
accepted = tested = 0

for start in range(train, len(sp), step):
    y, x = nq.iloc[start - train : start], sp.iloc[start - train : start]
    _, p_value, _ = coint(y, x, maxlag=1, autolag=None)
    tested += 1
    if p_value > p_limit:
        continue
    accepted += 1
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    intercept, beta = fit.params.iloc[0], fit.params.iloc[1]
    sigma = fit.resid.std()
    end = min(start + step, len(sp))
    z = (nq.iloc[start:end] - intercept - beta * sp.iloc[start:end]).to_numpy() / sigma
    side = np.where(z > entry_z, -1.0, np.where(z < -entry_z, 1.0, 0.0))
    gross = 1 + abs(beta)
    w_nq[start:end] = side / gross
    w_sp[start:end] = -side * beta / gross

r_nq = data["nasdaq"]["Close"].pct_change().fillna(0.0).to_numpy()
r_sp = data["sp500"]["Close"].pct_change().fillna(0.0).to_numpy()
turnover = np.abs(np.diff(w_nq, prepend=0.0)) + np.abs(np.diff(w_sp, prepend=0.0))
net = np.zeros(len(sp))
net[1:] = w_nq[:-1] * r_nq[1:] + w_sp[:-1] * r_sp[1:]
net -= turnover * cost_bps / 1e4
equity = np.cumprod(1 + net)
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0

print(f"Cointegrated in {accepted} of {tested} quarters (p <= {p_limit})")
print(f"Sharpe {sharpe:.2f}, final equity {equity[-1]:.3f}")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
    trades=int(np.count_nonzero(turnover)),
    cointegrated_share=accepted / tested,
)
