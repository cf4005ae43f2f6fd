from sklearn.cluster import KMeans
import pandas as pd
r = data["sp500"]["Close"].pct_change().rolling(20).std().dropna()
labels = KMeans(n_clusters=3, n_init=10, random_state=1).fit_predict(r.to_frame())
print(pd.Series(labels).value_counts())
