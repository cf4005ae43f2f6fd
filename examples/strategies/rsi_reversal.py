import numpy as np
import pandas as pd


def compute_rsi(close: pd.Series, period: int = 14) -> pd.Series:
    """Wilder's relative strength index."""
    delta = close.diff()
    gain = delta.clip(lower=0).ewm(alpha=1 / period, adjust=False, min_periods=period).mean()
    loss = (-delta.clip(upper=0)).ewm(alpha=1 / period, adjust=False, min_periods=period).mean()
    rs = gain / loss
    return 100 - 100 / (1 + rs)


def generate_positions(rsi: pd.Series, oversold: float, overbought: float) -> list:
    positions = []
    current = 0
    for value in rsi:
        if np.isnan(value):
            positions.append(0)
            continue
        if current == 0 and value < oversold:
            current = 1  # buy weakness
        elif current == 1 and value > overbought:
            current = 0  # take profit on strength
        positions.append(current)
    return positions


def main():
    close = data["sp500"]["Close"]
    period = params.get("period", 14)
    oversold = params.get("oversold", 30)
    overbought = params.get("overbought", 70)
    cost_bps = params.get("cost_bps", 5)

    rsi = compute_rsi(close, period)
    position = pd.Series(generate_positions(rsi, oversold, overbought), index=close.index, dtype=float)
    trades = position.diff().abs().fillna(0)
    returns = position.shift(1).fillna(0) * close.pct_change().fillna(0) - trades * cost_bps / 1e4
    equity = (1 + returns).cumprod()

    volatility = returns.std()
    sharpe = np.sqrt(252) * returns.mean() / volatility if volatility > 0 else 0.0
    max_dd = (equity / equity.cummax() - 1).min()
    print(f"RSI({period}) reversal, buy below {oversold}, sell above {overbought}")
    print(f"Trades: {int(trades.sum())}  Sharpe: {sharpe:.2f}  Max drawdown: {max_dd:.1%}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(equity)) - 1),
        sharpe=float(sharpe),
        max_drawdown=float(max_dd),
        trades=int(trades.sum()),
        exposure=float(position.mean()),
    )


if __name__ == "__main__":
    main()
