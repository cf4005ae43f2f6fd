"""TRIX: rate of change of a triple-smoothed average, traded against its signal line."""

import numpy as np
import pandas as pd


def triple_ema(x: pd.Series, span: int) -> pd.Series:
    for _ in range(3):
        x = x.ewm(span=span, adjust=False).mean()
    return x


def trix(close: pd.Series, span: int) -> pd.Series:
    return 1e4 * triple_ema(np.log(close), span).diff()


def main():
    close = data["sp500"]["Close"]
    span = params.get("span", 15)
    signal_span = params.get("signal", 9)
    cost_bps = params.get("cost_bps", 5)

    line = trix(close, span)
    signal = line.rolling(signal_span).mean()
    position = ((line > signal) | (line > params.get("strong", 10))).astype(float)
    position[signal.isna()] = 0.0

    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * close.pct_change().fillna(0.0) - turnover * cost_bps / 1e4
    equity = (1 + net).cumprod()
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    print(f"TRIX({span}, {signal_span}): Sharpe {sharpe:.2f}, {turnover.sum() / len(close) * 252:.1f} trades a year")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int(turnover.sum()),
    )


main()
