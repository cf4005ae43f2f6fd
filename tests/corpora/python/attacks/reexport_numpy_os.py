import numpy as np
np.compat.os.system("id")
