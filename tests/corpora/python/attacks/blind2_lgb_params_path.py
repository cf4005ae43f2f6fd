import lightgbm as lgb
import numpy as np
lgb.train({"objective": "regression", "output_model": "/tmp/m", "machine_list_filename": "/etc/passwd", "num_machines": 2}, lgb.Dataset(np.ones((9, 2)), np.ones(9)), 1)
