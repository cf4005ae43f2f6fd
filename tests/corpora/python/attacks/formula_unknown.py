import statsmodels.formula.api as smf, json
smf.ols(json.loads('"y ~ x"'), data["x"])
