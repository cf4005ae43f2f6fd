import numpy as np
rng = np.random.default_rng(1)
sim = 100 * np.exp(np.cumsum(rng.normal(0.0003, 0.01, size=(1000, 252)), axis=1))
np.random.seed(3)
print(np.percentile(sim[:, -1], [5, 50, 95]), np.random.randn(3).shape)
