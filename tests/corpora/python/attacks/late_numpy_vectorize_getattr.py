import numpy as np
np.vectorize(getattr)([print], ["__self__"])
