import numpy as np
a = np.zeros(1000)
b = a[:]
a.resize(100000000, refcheck=False)
b[:] = 1.0
