import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def build_features(df: pd.DataFrame) -> pd.DataFrame:
    close = df["Close"]
    out = pd.DataFrame(index=df.index)
    for n in (1, 5, 20, 60):
        out[f"ret_{n}"] = close.pct_change(n)
    out["vol_20"] = close.pct_change().rolling(20).std()
    out["range"] = (df["High"] - df["Low"]) / close
    out["dist_ma50"] = close / close.rolling(50).mean() - 1
    out["volume_z"] = (df["Volume"] - df["Volume"].rolling(60).mean()) / df["Volume"].rolling(60).std()
    return out


def walk_forward(features: pd.DataFrame, target: pd.Series, horizon: int, alpha: float, train: int, step: int):
    """Refit on the past only: the last `horizon` targets are not yet known at the time of the fit."""
    prediction = pd.Series(np.nan, index=features.index)
    for start in range(train, len(features), step):
        x = features.iloc[start - train : start - horizon]
        y = target.iloc[start - train : start - horizon]
        model = make_pipeline(StandardScaler(), Ridge(alpha=alpha))
        model.fit(x, y)
        prediction.iloc[start : start + step] = model.predict(features.iloc[start : start + step])
    return prediction


def main():
    df = data["sp500"]
    horizon = params.get("horizon", 5)
    alpha = params.get("alpha", 10.0)
    features = build_features(df).dropna()
    target = (df["Close"].shift(-horizon) / df["Close"] - 1).reindex(features.index)
    prediction = walk_forward(features, target, horizon, alpha, params.get("train", 750), params.get("step", 63))

    position = (prediction > 0).astype(float).reindex(df.index).fillna(0.0)
    position = position.rolling(horizon).mean().fillna(0.0)  # overlapping holdings
    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0)
    net -= turnover * params.get("cost_bps", 5) / 1e4
    equity = (1 + net).cumprod()
    sharpe = np.sqrt(252) * net.mean() / net.std() if net.std() > 0 else 0.0
    print(f"Ridge(alpha={alpha}) on {features.shape[1]} features, {horizon}-day horizon")
    print(f"Sharpe {sharpe:.2f}, average exposure {position.mean():.0%}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(equity)) - 1),
        sharpe=float(sharpe),
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int((turnover > 1e-12).sum()),
    )


if __name__ == "__main__":
    main()
