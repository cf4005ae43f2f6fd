from numpy.lib.stride_tricks import as_strided
import numpy as np
as_strided(np.ones(1), shape=(10**6,))
