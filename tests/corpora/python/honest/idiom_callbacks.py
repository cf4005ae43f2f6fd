import numpy as np
import pandas as pd
from functools import partial
from scipy import stats
df = pd.DataFrame(data["prices"])
def sharpe(x, rf=0.0): return (x.mean() - rf) / x.std()
def over(s, fn, *args): return s.rolling(5).apply(fn, raw=True)
print(over(df["close"], sharpe), over(df["close"], np.mean), df["close"].rolling(3).apply(lambda w: w[-1] - w[0]))
print(df["close"].apply(sharpe, args=(0.1,)), df.agg(partial(sharpe, rf=0.1)), df.apply(stats.zscore), df.agg([np.mean, sharpe, "std"]))
class Ind:
    def __init__(self, fn, n): self.fn, self.n = fn, n
    def run(self, s): return s.rolling(self.n).apply(self.fn, raw=False)
print(Ind(sharpe, 3).run(df["close"]))
print(df.pipe(over, sharpe), df.groupby("ticker")["close"].transform(lambda s: s / s.iloc[0]))
print(df.groupby("ticker").apply(sharpe, include_groups=False))
from sklearn.preprocessing import StandardScaler
def scale(train, test):
    sc = StandardScaler().fit(train)
    return sc.transform(train), sc.transform(test)
print(scale(df, df))
