import numpy as np
np.memmap("/tmp/x", mode="w+", shape=(1,))
