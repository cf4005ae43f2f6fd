"""Grid search that caches the equity curve of every combination, to plot them later."""

import numpy as np

close = data["sp500"]["Close"].to_numpy()
returns = np.diff(close, prepend=close[0]) / close
cache_dir = "/tmp"

best = (-np.inf, None)
for fast in range(2, 60):
    curves = np.zeros((190, len(close)))
    fast_ma = np.convolve(close, np.ones(fast) / fast, mode="same")
    for row, slow in enumerate(range(60, 250)):
        slow_ma = np.convolve(close, np.ones(slow) / slow, mode="same")
        position = np.roll(fast_ma > slow_ma, 1)
        curves[row] = np.cumprod(1 + position * returns)
        if curves[row, -1] > best[0]:
            best = (curves[row, -1], (fast, slow))
    # raw curves, positions and returns, uncompressed so that they load quickly
    np.savez(f"{cache_dir}/equity_curves_fast_{fast}.npz", curves=curves, growth=np.diff(curves), returns=returns)

print(f"Best combination {best[1]} with final equity {best[0]:.2f}")
emit(best_equity=float(best[0]))
