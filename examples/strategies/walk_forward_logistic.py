"""Logistic regression on technical indicators, refit once a year."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

df = data["nasdaq"]
close = df["Close"]
returns = close.pct_change()

X = pd.DataFrame(
    {
        "mom_5": close.pct_change(5),
        "mom_20": close.pct_change(20),
        "mom_120": close.pct_change(120),
        "vol_ratio": returns.rolling(10).std() / returns.rolling(60).std(),
        "close_in_range": (close - df["Low"]) / (df["High"] - df["Low"]).replace(0, np.nan),
        "drawdown": close / close.rolling(252).max() - 1,
    }
).dropna()
y = (returns.shift(-1).reindex(X.index) > 0).astype(int)

C = params.get("C", 0.1)
threshold = params.get("threshold", 0.52)
cost_bps = params.get("cost_bps", 5)
probability = pd.Series(np.nan, index=X.index)

years = sorted(set(X.index.year))
for year in years[3:]:
    past = X.index.year < year
    # the label of the last training row needs the first return of the new year: leave it out
    train_x, train_y = X[past].iloc[:-1], y[past].iloc[:-1]
    scaler = StandardScaler().fit(train_x)
    model = LogisticRegression(C=C, max_iter=200)
    model.fit(scaler.transform(train_x), train_y)
    now = X.index.year == year
    probability[now] = model.predict_proba(scaler.transform(X[now]))[:, 1]

position = (probability > threshold).astype(float).reindex(close.index).fillna(0.0)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * returns.fillna(0.0) - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
accuracy = float(((probability > 0.5) == (y == 1))[probability.notna()].iloc[:-1].mean())

print(f"Logistic regression, C={C}, buy above {threshold:.0%}: out-of-sample accuracy {accuracy:.1%}")
print(f"Sharpe {sharpe:.2f}, total return {equity.iloc[-1] - 1:.1%}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    sharpe=sharpe,
    accuracy=accuracy,
    annual_return=float(equity.iloc[-1] ** (252 / len(equity)) - 1),
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
)
