import lightgbm as lgb
m = lgb.LGBMRegressor(machines="10.0.0.1:12345,127.0.0.1:12346", num_machines=2)
m.fit([[1], [2]], [1, 2])
