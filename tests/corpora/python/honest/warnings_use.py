import warnings
import numpy as np
warnings.filterwarnings("ignore", category=RuntimeWarning)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    print(np.log(np.array([0.0, 1.0])))
