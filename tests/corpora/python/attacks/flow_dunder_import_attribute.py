import numpy as np
np.random.__builtins__
