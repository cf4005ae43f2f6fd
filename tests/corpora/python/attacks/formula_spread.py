import statsmodels.formula.api as smf
args = {"formula": "y ~ open('x')", "data": data["x"]}
smf.ols(**args)
