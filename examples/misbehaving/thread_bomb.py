"""Nearest-neighbour forecast: find past market states like today's, as parallel as possible."""

import numpy as np
from scipy.spatial import cKDTree

returns = data["sp500"]["Close"].pct_change().fillna(0.0).to_numpy()
embedding = params.get("embedding", 40)
neighbours = params.get("neighbours", 10)

# state of day t: the last `embedding` returns
states = np.lib.stride_tricks.sliding_window_view(returns, embedding)[:-1]
following = returns[embedding:]

# a library of states with some noise, so that the forecast does not hang on single days
rng = np.random.default_rng(params.get("seed", 0))
noise = returns.std() / 10
library = np.repeat(states, 6, axis=0)
library += rng.normal(0, noise, library.shape)
queries = np.repeat(states, 16, axis=0)
queries += rng.normal(0, noise, queries.shape)

# lots of workers, so that it is fast
tree = cKDTree(library)
distances, index = tree.query(queries, k=neighbours, workers=params.get("workers", 300))

forecast = following[index // 6].mean(axis=1)
print(f"{len(forecast)} forecasts, mean {forecast.mean():.5f}")
emit(mean_forecast=float(forecast.mean()))
