import numpy as np
np.frompyfunc(__import__, 1, 1)(["os"])
