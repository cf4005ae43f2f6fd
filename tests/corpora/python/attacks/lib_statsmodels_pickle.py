import statsmodels.api as sm
sm.load_pickle("/tmp/x")
