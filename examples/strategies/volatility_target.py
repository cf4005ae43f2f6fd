"""Volatility targeting: scale the exposure so that expected volatility stays constant."""

import numpy as np
import pandas as pd

TRADING_DAYS = 252


class VolatilityTarget:
    def __init__(self, target: float, window: int, max_leverage: float, band: float = 0.1):
        self.target = target
        self.window = window
        self.max_leverage = max_leverage
        self.band = band

    def __repr__(self) -> str:
        return f"VolatilityTarget(target={self.target:.0%}, window={self.window}, max_leverage={self.max_leverage})"

    def weights(self, returns: pd.Series) -> pd.Series:
        realised = returns.rolling(self.window).std() * np.sqrt(TRADING_DAYS)
        ideal = (self.target / realised).clip(upper=self.max_leverage).fillna(0.0)
        # only trade when the ideal weight has moved by more than the band
        weight = 0.0
        out = []
        for w in ideal:
            if abs(w - weight) > self.band:
                weight = w
            out.append(weight)
        return pd.Series(out, index=returns.index)


def main():
    returns = data["sp500"]["Close"].pct_change().fillna(0.0)
    model = VolatilityTarget(
        target=params.get("target", 0.10),
        window=params.get("window", 20),
        max_leverage=params.get("max_leverage", 1.5),
    )
    weight = model.weights(returns)
    turnover = weight.diff().abs().fillna(0.0)
    net = weight.shift(1).fillna(0.0) * returns - turnover * params.get("cost_bps", 5) / 1e4
    equity = (1 + net).cumprod()
    realised = net.std() * np.sqrt(TRADING_DAYS)
    sharpe = net.mean() * TRADING_DAYS / realised if realised > 0 else 0.0
    print(model)
    print(f"Realised volatility {realised:.1%}, Sharpe {sharpe:.2f}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (TRADING_DAYS / len(net)) - 1),
        sharpe=float(sharpe),
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int((turnover > 0).sum()),
        realised_volatility=float(realised),
    )


if __name__ == "__main__":
    main()
