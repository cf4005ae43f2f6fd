import statsmodels.formula.api as smf
f = data["sp500"].assign(r=lambda d: d["Close"].pct_change())
lags = []
for k in range(1, 4):
    f[f"lag{k}"] = f["r"].shift(k)
    lags.append(f"lag{k}")
print(smf.ols("r ~ " + " + ".join(lags), f.dropna()).fit(cov_type="HAC", cov_kwds={"maxlags": 5}).tvalues)
