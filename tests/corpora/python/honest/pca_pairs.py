from sklearn.decomposition import PCA
import pandas as pd
df = pd.concat({n: data[n]["Close"].pct_change() for n in ("sp500", "nasdaq")}, axis=1).dropna()
p = PCA(n_components=1).fit(df)
print(p.explained_variance_ratio_, p.components_)
