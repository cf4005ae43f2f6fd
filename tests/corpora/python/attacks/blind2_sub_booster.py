import lightgbm as lgb
class B(lgb.Booster):
    pass
B(model_file="/etc/passwd")
