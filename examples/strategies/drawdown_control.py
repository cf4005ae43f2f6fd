import numpy as np
import pandas as pd


class DrawdownController:
    """Cuts the exposure as the market's drawdown deepens and restores it on recovery."""

    def __init__(self, soft_limit: float, hard_limit: float, reentry_window: int):
        if not 0 < soft_limit < hard_limit < 1:
            raise ValueError("limits must satisfy 0 < soft < hard < 1")
        self.soft_limit = soft_limit
        self.hard_limit = hard_limit
        self.reentry_window = reentry_window

    def exposure(self, close: pd.Series) -> pd.Series:
        peak = close.iloc[0]
        average = close.rolling(self.reentry_window).mean()
        out = []
        level = 1.0
        for price, mean in zip(close, average):
            peak = max(peak, price)
            drawdown = 1 - price / peak
            if drawdown >= self.hard_limit:
                level = 0.0
            elif drawdown >= self.soft_limit:
                level = min(level, 0.5)
            # a recovery above the average starts a new peak: the loss is behind us
            if level < 1.0 and not np.isnan(mean) and price > 1.02 * mean:
                level, peak = 1.0, price
            out.append(level)
        return pd.Series(out, index=close.index)


def main():
    controller = DrawdownController(
        params.get("soft_limit", 0.05), params.get("hard_limit", 0.10), params.get("reentry_window", 100)
    )
    close = data["nasdaq"]["Close"]
    exposure = controller.exposure(close)
    market = close.pct_change().fillna(0.0)
    turnover = exposure.diff().abs().fillna(exposure)
    net = exposure.shift(1).fillna(0.0) * market - turnover * params.get("cost_bps", 5) / 1e4
    equity = (1 + net).cumprod()
    hold = (1 + market).cumprod()
    max_dd = float((equity / equity.cummax() - 1).min())
    hold_dd = float((hold / hold.cummax() - 1).min())
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    print(f"Drawdown {max_dd:.1%} against {hold_dd:.1%} for buy and hold")
    print(f"Sharpe {sharpe:.2f}, average exposure {exposure.mean():.0%}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=max_dd,
        trades=int((turnover > 0).sum()),
        hold_drawdown=hold_dd,
    )


if __name__ == "__main__":
    main()
