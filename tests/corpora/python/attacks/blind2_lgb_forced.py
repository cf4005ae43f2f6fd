import lightgbm as lgb
import numpy as np
p = {"objective": "regression"}
p["forcedsplits_filename"] = "/etc/passwd"
lgb.train(p, lgb.Dataset(np.ones((9, 2)), np.ones(9)), 1)
