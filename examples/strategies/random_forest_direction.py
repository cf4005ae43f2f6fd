import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier


class ForestStrategy:
    """Predicts the direction of the next week with a small random forest."""

    def __init__(self, trees: int = 20, depth: int = 3, horizon: int = 5, train_years: int = 4):
        self.trees = trees
        self.depth = depth
        self.horizon = horizon
        self.train_days = train_years * 252

    def features(self, df: pd.DataFrame) -> pd.DataFrame:
        r = df["Close"].pct_change()
        return pd.DataFrame(
            {
                "r1": r,
                "r5": df["Close"].pct_change(5),
                "r21": df["Close"].pct_change(21),
                "r126": df["Close"].pct_change(126),
                "vol": r.rolling(21).std(),
                "skew": r.rolling(63).skew(),
                "turnover": df["Volume"] / df["Volume"].rolling(63).mean(),
            }
        ).dropna()

    def predict(self, df: pd.DataFrame) -> pd.Series:
        x = self.features(df)
        forward = df["Close"].pct_change(self.horizon).shift(-self.horizon).reindex(x.index)
        y = (forward > 0).astype(int)
        out = pd.Series(0.5, index=x.index)
        for start in range(self.train_days, len(x), 252):
            known = slice(start - self.train_days, start - self.horizon)
            forest = RandomForestClassifier(
                n_estimators=self.trees, max_depth=self.depth, min_samples_leaf=25, random_state=42, n_jobs=1
            )
            forest.fit(x.iloc[known], y.iloc[known])
            out.iloc[start : start + 252] = forest.predict_proba(x.iloc[start : start + 252])[:, 1]
        return out.reindex(df.index).fillna(0.5)


strategy = ForestStrategy(params.get("trees", 20), params.get("depth", 3))
df = data["sp500"]
probability = strategy.predict(df).rolling(3).mean()
position = (probability > params.get("threshold", 0.5)).astype(float)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0)
net -= turnover * params.get("cost_bps", 5) / 1e4
equity = (1 + net).cumprod()
std = net.std()
sharpe = float(net.mean() / std * np.sqrt(252)) if std > 0 else 0.0

print(f"Random forest, {strategy.trees} trees of depth {strategy.depth}")
print(f"Sharpe {sharpe:.2f}, invested {position.mean():.0%} of days")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(equity)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
)
