import numpy as np
import statsmodels.formula.api as smf
def standardise(x):
    return (x - np.mean(x)) / np.std(x)
print(smf.ols("Close ~ standardise(Volume) + Q('Adj Close')", data["sp500"].tail(200)).fit().rsquared)
