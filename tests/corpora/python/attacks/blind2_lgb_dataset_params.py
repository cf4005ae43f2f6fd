import lightgbm as lgb
import numpy as np
d = lgb.Dataset(np.ones((9, 2)), np.ones(9), params={"forcedbins_filename": "/etc/passwd"})
d.construct()
