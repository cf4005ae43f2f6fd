import pandas as pd
panel = pd.concat(dict(data), axis=1)
close = panel.xs("Close", axis=1, level=1)
rank = close.pct_change(20).rank(axis=1)
print(rank.tail(), panel.stack().shape, close.unstack().shape, close.T.shape)
