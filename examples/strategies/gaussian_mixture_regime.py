import warnings

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")


class RegimeModel:
    """Clusters days by return and volatility; invests unless the day belongs to the worst regime."""

    def __init__(self, n_regimes: int = 3, random_state: int = 0):
        self.mixture = GaussianMixture(n_components=n_regimes, covariance_type="full", random_state=random_state)
        self.risky = None

    def fit(self, x: np.ndarray) -> "RegimeModel":
        self.mean, self.std = x.mean(axis=0), x.std(axis=0)
        self.mixture.fit((x - self.mean) / self.std)
        # the regime with the highest volatility (second feature)
        self.risky = int(np.argmax(self.mixture.means_[:, 1]))
        return self

    def risk_probability(self, x: np.ndarray) -> np.ndarray:
        return self.mixture.predict_proba((x - self.mean) / self.std)[:, self.risky]


close = data["sp500"]["Close"]
returns = close.pct_change()
features = pd.DataFrame(
    {
        "month": close.pct_change(21),
        "vol": np.log(returns.rolling(21).std()),
    }
).dropna()

years = features.index.year
first = int(years[0]) + params.get("train_years", 4)
risk = pd.Series(np.nan, index=features.index)
for year in range(first, int(years[-1]) + 1):
    model = RegimeModel(params.get("regimes", 3)).fit(features[years < year].to_numpy())
    risk[years == year] = model.risk_probability(features[years == year].to_numpy())

limit = params.get("risk_limit", 0.5)
position = (risk < limit).astype(float).reindex(close.index).fillna(0.0)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * returns.fillna(0.0) - turnover * params.get("cost_bps", 5) / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"Mixture of {params.get('regimes', 3)} regimes, risky on {(risk >= limit).sum()} days")
print(f"Sharpe {sharpe:.2f}, max drawdown {(equity / equity.cummax() - 1).min():.1%}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int(turnover.sum()),
)
