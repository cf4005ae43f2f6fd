import statsmodels.api as sm
sm.OLS.from_formula("y ~ eval('1')", data["x"])
sm.GLM.from_formula(formula="y ~ [open][0]('x')", data=data["x"])
