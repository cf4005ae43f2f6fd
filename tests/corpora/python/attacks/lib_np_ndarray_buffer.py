import numpy as np
np.ndarray((9,), buffer=b"x" * 72, strides=(0,))
