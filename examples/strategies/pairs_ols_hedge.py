import numpy as np
import pandas as pd


def rolling_ols(y: pd.Series, x: pd.Series, window: int) -> tuple[pd.Series, pd.Series]:
    """Slope and intercept of y on x over a moving window, from moments."""
    cov = y.rolling(window).cov(x)
    beta = cov / x.rolling(window).var()
    alpha = y.rolling(window).mean() - beta * x.rolling(window).mean()
    return beta, alpha


class HedgedPair:
    """Trades the residual of log(NASDAQ) on log(S&P 500) with a rolling hedge ratio."""

    def __init__(self, window: int = 120, entry: float = 1.5, stop: float = 4.0, cost_bps: float = 5):
        self.window = window
        self.entry = entry
        self.stop = stop
        self.cost_bps = cost_bps

    def fit(self, y: pd.Series, x: pd.Series) -> "HedgedPair":
        ly, lx = np.log(y), np.log(x)
        self.beta, alpha = rolling_ols(ly, lx, self.window)
        residual = ly - (alpha + self.beta * lx)
        self.z = residual / residual.rolling(self.window).std()
        self.y_returns = y.pct_change().fillna(0.0)
        self.x_returns = x.pct_change().fillna(0.0)
        return self

    def backtest(self) -> pd.DataFrame:
        side, sides = 0, []
        for z in self.z.fillna(0.0):
            if side and (z * side > 0 or abs(z) > self.stop):
                side = 0
            elif not side and self.entry < abs(z) < self.stop:
                side = -int(np.sign(z))
            sides.append(side)
        side = pd.Series(sides, index=self.z.index, dtype=float)
        hedge = self.beta.clip(0.2, 3.0).fillna(1.0)
        gross = 1 + hedge  # capital is shared by both legs
        w_y, w_x = side / gross, -side * hedge / gross
        turnover = w_y.diff().abs().fillna(0.0) + w_x.diff().abs().fillna(0.0)
        net = w_y.shift(1).fillna(0.0) * self.y_returns + w_x.shift(1).fillna(0.0) * self.x_returns
        return pd.DataFrame({"net": net - turnover * self.cost_bps / 1e4, "side": side})


if __name__ == "__main__":
    pair = HedgedPair(params.get("window", 120), params.get("entry", 1.5), cost_bps=params.get("cost_bps", 5))
    book = pair.fit(data["nasdaq"]["Close"], data["sp500"]["Close"]).backtest()
    equity = (1 + book["net"]).cumprod()
    sd = book["net"].std()
    sharpe = float(book["net"].mean() / sd * 252**0.5) if sd > 0 else 0.0
    trades = int((book["side"].diff().abs() > 0).sum())
    print(f"OLS hedge over {pair.window} days, mean beta {pair.beta.mean():.2f}")
    print(f"{trades} position changes, Sharpe {sharpe:.2f}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(equity)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=trades,
    )
