import numpy as np
np.load("/data/x.npy", allow_pickle=True)
