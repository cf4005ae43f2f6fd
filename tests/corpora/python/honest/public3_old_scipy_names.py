# After indicators of public repositories that were written for older libraries.
import numpy as np
from scipy.ndimage.interpolation import shift
from scipy.stats.stats import pearsonr

close = next(iter(data.values()))["Close"].to_numpy()
later = shift(close, 1, cval=np.nan)
print(pearsonr(close[1:], later[1:]))
