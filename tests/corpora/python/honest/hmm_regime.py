from hmmlearn.hmm import GaussianHMM
import numpy as np
r = data["sp500"]["Close"].pct_change().dropna().to_numpy().reshape(-1, 1)
m = GaussianHMM(n_components=2, covariance_type="full", n_iter=50).fit(r)
print(np.bincount(m.predict(r)))
