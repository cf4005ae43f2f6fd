try:
    from xgboost import XGBClassifier as Model
except ImportError:
    from sklearn.ensemble import GradientBoostingClassifier as Model
import numpy as np
r = data["sp500"]["Close"].pct_change().dropna().to_numpy()
X, y = np.c_[r[:-1]], (r[1:] > 0).astype(int)
m = Model(n_estimators=20)
m.fit(X[:1000], y[:1000])
print(m.predict_proba(X[1000:1005])[:, 1])
