import numpy as np
np.random.seed(7)
r = data["sp500"]["Close"].pct_change().dropna().values
sims = np.random.choice(r, size=(500, 252), replace=True)
final = np.prod(1 + sims, axis=1)
print(np.mean(final), np.quantile(final, 0.05))
