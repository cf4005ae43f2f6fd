import numpy as np
from sklearn.linear_model import Ridge
close = data["sp500"]["Close"]
ret = close.pct_change().fillna(0)
X = np.column_stack([ret.shift(k).fillna(0) for k in range(1, 4)])
pred = np.zeros(len(ret))
for start in range(500, len(ret) - 100, 100):
    model = Ridge(alpha=1.0).fit(X[start - 500:start], ret.iloc[start - 500:start])
    pred[start:start + 100] = model.predict(X[start:start + 100])
print((np.sign(pred) * ret).sum())
