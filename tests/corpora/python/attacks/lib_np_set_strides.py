import numpy as np
a = np.ones(3)
a.strides = (999,)
