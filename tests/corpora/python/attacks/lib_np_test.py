import numpy as np
np.test()
