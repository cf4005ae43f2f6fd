"""On-balance volume against its own moving average, confirmed by price."""

import numpy as np
import pandas as pd


def on_balance_volume(df: pd.DataFrame) -> pd.Series:
    direction = np.sign(df["Close"].diff().fillna(0.0))
    return (direction * df["Volume"]).cumsum()


class ObvStrategy:
    def __init__(self, obv_window: int, price_window: int, require_both: bool):
        self.obv_window = obv_window
        self.price_window = price_window
        self.require_both = require_both

    def __call__(self, df: pd.DataFrame) -> pd.Series:
        obv = on_balance_volume(df)
        volume_up = obv > obv.rolling(self.obv_window).mean()
        price_up = df["Close"] > df["Close"].rolling(self.price_window).mean()
        signal = volume_up & price_up if self.require_both else volume_up | price_up
        return signal.astype(float)


df = data["sp500"]
strategy = ObvStrategy(params.get("obv_window", 50), params.get("price_window", 100), params.get("require_both", True))
position = strategy(df)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0)
net -= turnover * params.get("cost_bps", 5) / 10_000
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0

print(f"OBV {strategy.obv_window} with price {strategy.price_window}, both required: {strategy.require_both}")
print(f"Sharpe {sharpe:.2f}, worst drawdown {(equity / equity.cummax() - 1).min():.1%}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int(turnover.sum()),
)
