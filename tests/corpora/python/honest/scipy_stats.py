from scipy import stats
from scipy.optimize import minimize
import numpy as np
r = data["sp500"]["Close"].pct_change().dropna()
print(stats.skew(r), stats.kurtosis(r), stats.norm.ppf(0.05), stats.ttest_1samp(r, 0).pvalue)
res = minimize(lambda w: (w[0] - 1) ** 2, x0=np.array([0.0]), method="SLSQP", bounds=[(0, 2)])
print(res.x, res.success)
