import statsmodels.formula.api as smf
smf.mixedlm("y ~ x", data["x"], "re ~ open('/etc/passwd')")
