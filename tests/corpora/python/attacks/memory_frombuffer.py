import numpy as np
x = np.frombuffer(b"abc", dtype=object)
