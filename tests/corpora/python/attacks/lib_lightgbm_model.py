import lightgbm as lgb
print(lgb.Booster(model_file="/data/model.txt"))
