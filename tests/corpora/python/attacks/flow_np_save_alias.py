import numpy as np
w = np.save
w("/root/x", [1])
