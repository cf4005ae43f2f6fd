import pandas as pd, pandas_ta as ta
df = pd.DataFrame().ta.ticker('AAPL')
