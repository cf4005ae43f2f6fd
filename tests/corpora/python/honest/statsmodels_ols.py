import statsmodels.api as sm
import numpy as np
y = data["sp500"]["Close"].pct_change().dropna().to_numpy()
X = sm.add_constant(np.roll(y, 1))
model = sm.OLS(y, X).fit()
print(model.params, model.tvalues, model.summary())
