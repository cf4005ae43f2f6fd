import statsmodels.api as sm
sm.graphics.plot_partregress("y", "x", ["open('/etc/passwd')"], data=data["x"])
