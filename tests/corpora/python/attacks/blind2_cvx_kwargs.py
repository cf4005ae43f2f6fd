import cvxpy as cp
x = cp.Variable()
opts = {"write_data_filename": "/tmp/w"}
cp.Problem(cp.Minimize(x**2)).solve(solver=cp.SCS, **opts)
