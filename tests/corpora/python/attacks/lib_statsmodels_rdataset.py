import statsmodels.api as sm
sm.datasets.get_rdataset("x")
