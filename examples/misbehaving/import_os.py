"""EMA strategy that reads its settings from the environment."""

import os

import pandas as pd

FAST = int(os.environ.get("STRATEGY_FAST", "12"))
SLOW = int(os.getenv("STRATEGY_SLOW", "26"))


def backtest(close: pd.Series) -> float:
    position = (close.ewm(span=FAST).mean() > close.ewm(span=SLOW).mean()).astype(float)
    net = position.shift(1).fillna(0) * close.pct_change().fillna(0)
    return float((1 + net).prod() - 1)


if __name__ == "__main__":
    print("Running in", os.getcwd())
    total = backtest(data["sp500"]["Close"])
    print(f"Total return: {total:.1%}")
    emit(total_return=total)
