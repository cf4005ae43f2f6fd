import numpy as np
np.core.multiarray
