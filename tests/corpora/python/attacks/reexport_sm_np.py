import statsmodels.api as sm
sm.tsa.stattools.np.load("x")
