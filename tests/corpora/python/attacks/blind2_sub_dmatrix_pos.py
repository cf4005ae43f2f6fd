import xgboost as xgb
class D(xgb.DMatrix): pass
D("/etc/passwd?format=csv")
