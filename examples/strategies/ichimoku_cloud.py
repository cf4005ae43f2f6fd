import numpy as np
import pandas as pd


class Ichimoku:
    """Ichimoku Kinko Hyo. The cloud that is drawn at today's bar was computed `kijun` bars ago."""

    def __init__(self, df: pd.DataFrame, tenkan: int = 9, kijun: int = 26, senkou: int = 52):
        self.df = df
        self.tenkan_sen = self._midpoint(tenkan)
        self.kijun_sen = self._midpoint(kijun)
        self.span_a = ((self.tenkan_sen + self.kijun_sen) / 2).shift(kijun)
        self.span_b = self._midpoint(senkou).shift(kijun)

    def _midpoint(self, window: int) -> pd.Series:
        return (self.df["High"].rolling(window).max() + self.df["Low"].rolling(window).min()) / 2

    @property
    def cloud_top(self) -> pd.Series:
        return np.maximum(self.span_a, self.span_b)

    @property
    def cloud_bottom(self) -> pd.Series:
        return np.minimum(self.span_a, self.span_b)

    def positions(self, confirm_cross: bool) -> pd.Series:
        close = self.df["Close"]
        bullish = close > self.cloud_top
        if confirm_cross:
            bullish &= self.tenkan_sen > self.kijun_sen
        bearish = close < self.cloud_bottom
        raw = pd.Series(np.nan, index=close.index)
        raw[bullish] = 1.0
        raw[bearish] = 0.0
        return raw.ffill().fillna(0.0)


if __name__ == "__main__":
    df = data["sp500"]
    cloud = Ichimoku(df, params.get("tenkan", 9), params.get("kijun", 26), params.get("senkou", 52))
    position = cloud.positions(params.get("confirm_cross", True))
    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0)
    net = net - turnover * params.get("cost_bps", 5) / 10_000
    equity = (1 + net).cumprod()
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    print(f"Ichimoku: price above the cloud on {(df['Close'] > cloud.cloud_top).mean():.0%} of days")
    print(f"Sharpe {sharpe:.2f}, max drawdown {(equity / equity.cummax() - 1).min():.1%}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int((turnover > 0).sum()),
    )
