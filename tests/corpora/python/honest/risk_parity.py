import numpy as np
def risk_parity(cov, iters=1000):
    n = cov.shape[0]
    w = np.ones(n) / n
    for _ in range(iters):
        mrc = cov @ w
        w = w * (1 / np.maximum(mrc * w, 1e-12)) ** 0.5
        w /= w.sum()
    return w
c = np.array([[0.04, 0.01], [0.01, 0.09]])
print(risk_parity(c), np.linalg.eigvalsh(c), np.linalg.inv(c))
