import empyrical as ep
r = data["sp500"]["Close"].pct_change().dropna()
print(ep.sharpe_ratio(r), ep.max_drawdown(r), ep.annual_return(r), ep.sortino_ratio(r))
