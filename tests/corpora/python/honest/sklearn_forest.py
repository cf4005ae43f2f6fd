from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.metrics import accuracy_score, classification_report
import numpy as np
r = data["sp500"]["Close"].pct_change().dropna()
X = np.column_stack([r.shift(i).fillna(0) for i in range(1, 6)])
y = (r > 0).astype(int)
pipe = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=50, random_state=0))
pipe.fit(X[:3000], y[:3000])
print(accuracy_score(y[3000:], pipe.predict(X[3000:])))
print(cross_val_score(pipe, X, y, cv=TimeSeriesSplit(3)).mean())
