from arch import arch_model
r = 100 * data["sp500"]["Close"].pct_change().dropna()
am = arch_model(r, vol="GARCH", p=1, q=1)
res = am.fit(disp="off")
print(res.params, res.forecast(horizon=5).variance.iloc[-1])
