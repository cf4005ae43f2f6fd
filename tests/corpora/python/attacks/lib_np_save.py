import numpy as np
np.save("/root/x", np.ones(3))
