import vectorbt as vbt
close = data["sp500"]["Close"]
fast, slow = vbt.MA.run(close, 10), vbt.MA.run(close, 50)
pf = vbt.Portfolio.from_signals(close, fast.ma_crossed_above(slow), fast.ma_crossed_below(slow), fees=0.001)
print(pf.total_return(), pf.stats())
