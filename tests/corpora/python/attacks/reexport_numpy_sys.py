import numpy as np
np.sys.modules["os"].system("id")
