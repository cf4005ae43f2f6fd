import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

"""Combines many correlated indicators into one factor: the first principal component,
re-estimated once a quarter on the trailing window and signed so that momentum counts as positive."""


def indicator_panel(close: pd.Series) -> pd.DataFrame:
    panel = {}
    for n in (10, 20, 40, 80, 160):
        panel[f"roc_{n}"] = close.pct_change(n)
        panel[f"ma_{n}"] = close / close.rolling(n).mean() - 1
    panel["high_distance"] = close / close.rolling(120).max() - 1
    return pd.DataFrame(panel).dropna()


close = data["nasdaq"]["Close"]
panel = indicator_panel(close)
train = params.get("train", 500)
step = params.get("step", 63)
component = params.get("component", 1)
threshold = params.get("threshold", 0.0)

factor = pd.Series(np.nan, index=panel.index)
explained = []
for start in range(train, len(panel), step):
    window = panel.iloc[start - train : start]
    scaler = StandardScaler().fit(window.to_numpy())
    pca = PCA(n_components=component).fit(scaler.transform(window.to_numpy()))
    loading = pca.components_[component - 1]
    sign = 1.0 if loading.sum() >= 0 else -1.0
    block = panel.iloc[start : start + step].to_numpy()
    factor.iloc[start : start + step] = sign * (scaler.transform(block) @ loading)
    explained.append(pca.explained_variance_ratio_[component - 1])

position = (factor > threshold).astype(float).reindex(close.index).fillna(0.0)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * close.pct_change().fillna(0.0) - turnover * params.get("cost_bps", 5) / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"Component {component} explains {np.mean(explained):.0%} of {panel.shape[1]} indicators")
print(f"Sharpe {sharpe:.2f}, {int(turnover.sum())} trades")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int(turnover.sum()),
    explained=float(np.mean(explained)),
)
