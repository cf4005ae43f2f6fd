import cvxpy as cp
import numpy as np
x = cp.Variable(3, name="x")
problem = cp.Problem(cp.Minimize(cp.sum_squares(x - np.array([1, 2, 3]))), [x <= 2])
for solver in ("OSQP", "SCS", "CLARABEL"):
    try:
        problem.solve(solver=solver, warm_start=True)
        break
    except cp.error.SolverError as exc:
        print("failed", solver, exc)
print(x.value)
