import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
x = data["sp500"]["Close"].to_numpy()
print(sliding_window_view(x, 20).mean(axis=1)[-1], np.lib.stride_tricks.sliding_window_view(x, 5).shape)
