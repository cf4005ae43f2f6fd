import numpy as np
rng = np.random.default_rng(0)
x = data["sp500"]["Close"].pct_change().dropna().to_numpy()
means = [rng.choice(x, len(x)).mean() for _ in range(200)]
lo, hi = np.percentile(means, [2.5, 97.5])
print(lo, hi)
