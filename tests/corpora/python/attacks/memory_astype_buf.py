import numpy as np
a = np.ndarray(shape=(1,), dtype="O", buffer=bytearray(8))
