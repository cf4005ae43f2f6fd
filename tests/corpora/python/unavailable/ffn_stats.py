import ffn
prices = data["sp500"][["Close"]]
returns = prices.to_returns().dropna()
perf = prices.calc_stats()
print(returns.tail())
