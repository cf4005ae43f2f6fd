import pandas as pd
from scipy.stats.stats import pearsonr
from timeit import default_timer as timer
start = timer()
df = data["sp500"]
def strength(x):
    if isinstance(x, pd.core.series.Series):
        return pearsonr(x.to_numpy()[1:], x.to_numpy()[:-1])[0]
    return float("nan")
print(strength(df["Close"].pct_change().dropna()), timer() - start)
