import numpy as np
a = np.array([4096], dtype=np.int64)
print(a.view("O")[0])
