import statsmodels.formula.api as smf
df = data["sp500"].assign(ret=lambda d: d["Close"].pct_change(), lag=lambda d: d["Close"].pct_change().shift(1)).dropna()
print(smf.ols("ret ~ lag + np.log(Volume)", data=df).fit().params)
