"""How sure can we be? Block bootstrap of the Sharpe ratio of a moving-average strategy."""

import numpy as np


def strategy_returns(close: np.ndarray, window: int, cost_bps: float) -> tuple[np.ndarray, int]:
    average = np.full(len(close), np.nan)
    average[window - 1 :] = np.convolve(close, np.ones(window) / window, mode="valid")
    position = np.where(close > average, 1.0, 0.0)  # NaN compares as False
    returns = close[1:] / close[:-1] - 1
    changes = np.abs(np.diff(position))
    return position[:-1] * returns - changes * cost_bps / 1e4, int(changes.sum())


def block_bootstrap(x: np.ndarray, block: int, samples: int, rng: np.random.Generator) -> np.ndarray:
    blocks = int(np.ceil(len(x) / block))
    starts = rng.integers(0, len(x) - block, size=(samples, blocks))
    index = (starts[:, :, None] + np.arange(block)).reshape(samples, -1)[:, : len(x)]
    drawn = x[index]
    return drawn.mean(axis=1) / drawn.std(axis=1) * np.sqrt(252)


if __name__ == "__main__":
    rng = np.random.default_rng(params.get("seed", 7))
    window = params.get("window", 200)
    net, trades = strategy_returns(data["sp500"]["Close"].to_numpy(), window, params.get("cost_bps", 5))
    sharpes = block_bootstrap(net, params.get("block", 20), params.get("samples", 1000), rng)
    low, high = np.percentile(sharpes, [5, 95])
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    equity = np.cumprod(1 + net)
    print(f"Price above its {window}-day average: Sharpe {sharpe:.2f}, 90% interval {low:.2f} to {high:.2f}")
    print(f"Chance of a Sharpe below zero: {np.mean(sharpes < 0):.1%}")
    emit(total_return=float(equity[-1] - 1), annual_return=float(equity[-1] ** (252 / len(net)) - 1), sharpe=sharpe)
    emit(max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()), trades=trades)
    emit(sharpe_low=float(low), sharpe_high=float(high), chance_negative=float(np.mean(sharpes < 0)))
