import cvxpy as cp
import numpy as np

rng = np.random.default_rng(7)
returns = rng.normal(0.0005, 0.01, (500, 4))
mu, sigma = returns.mean(axis=0), np.cov(returns.T)
w = cp.Variable(4)
problem = cp.Problem(cp.Maximize(mu @ w - 5 * cp.quad_form(w, cp.psd_wrap(sigma))), [cp.sum(w) == 1, w >= 0, w <= 0.6])
problem.solve()
found = {}
for solver in (cp.CLARABEL, cp.OSQP, cp.SCS):
    problem.solve(solver=solver, verbose=False)
    found[solver] = problem.value
sdp = cp.Variable((2, 2), PSD=True)
cp.Problem(cp.Minimize(cp.trace(sdp)), [sdp[0, 1] == 1]).solve(solver="SCS")
print(problem.status, w.value.round(3), found, sdp.value)
emit(cvxpy=bool(max(found.values()) - min(found.values()) < 1e-4))
