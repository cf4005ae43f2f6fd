import xgboost as xgb
print(xgb.DMatrix("/etc/passwd?format=csv"))
