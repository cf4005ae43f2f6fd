"""Monte Carlo paths of the S&P 500, kept until the estimate of the tail loss is stable."""

import numpy as np

close = data["sp500"]["Close"].to_numpy()
log_returns = np.diff(np.log(close))
rng = np.random.default_rng(params.get("seed", 1))
horizon = params.get("horizon", 2520)
batch_size = params.get("batch_size", 1000)

all_paths = []
error = 1.0
while error > params.get("tolerance", 1e-9):
    draws = rng.choice(log_returns, size=(batch_size, horizon))
    np.cumsum(draws, axis=1, out=draws)
    all_paths.append(np.exp(draws))
    # tail loss of each batch so far; the standard error of their mean
    losses = np.array([np.percentile(paths[:, -1], 5) for paths in all_paths[-20:]])
    if len(losses) > 2:
        error = losses.std() / np.sqrt(len(all_paths))

paths = np.concatenate(all_paths)
print(f"{len(paths)} paths, 5% tail {np.percentile(paths[:, -1], 5):.3f}")
emit(tail=float(np.percentile(paths[:, -1], 5)))
