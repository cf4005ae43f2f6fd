import statsmodels.formula.api as smf
smf.mixedlm("y ~ x", data["x"], vc_formula={"a": "0 + open('x').read()"}, groups="g")
