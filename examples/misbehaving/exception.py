"""Moving average strategy written for a data feed with lower-case column names."""

import numpy as np


def add_indicators(df, fast, slow):
    df = df.copy()
    df["fast_ma"] = df["close"].rolling(fast).mean()
    df["slow_ma"] = df["close"].rolling(slow).mean()
    df["signal"] = np.where(df["fast_ma"] > df["slow_ma"], 1, 0)
    return df


def run_backtest(df):
    df["returns"] = df["close"].pct_change()
    df["strategy"] = df["signal"].shift(1) * df["returns"]
    return (1 + df["strategy"].fillna(0)).cumprod()


prices = data["sp500"]
prices = add_indicators(prices, params.get("fast", 10), params.get("slow", 50))
equity = run_backtest(prices)
print(f"Final equity: {equity.iloc[-1]:.2f}")
emit(total_return=float(equity.iloc[-1] - 1))
