import lightgbm as lgb
import numpy as np
import xgboost as xgb
from lightgbm import LGBMClassifier
from sklearn.model_selection import TimeSeriesSplit
from xgboost import XGBRegressor

rng = np.random.default_rng(7)
X = rng.normal(size=(400, 5))
y = (X[:, 0] + 0.5 * rng.normal(size=400) > 0).astype(int)

train = lgb.Dataset(X[:300], label=y[:300])
valid = lgb.Dataset(X[300:], label=y[300:], reference=train)
options = {"objective": "binary", "metric": "auc", "verbosity": -1, "num_leaves": 15, "learning_rate": 0.1}
booster = lgb.train(options, train, num_boost_round=30, valid_sets=[valid], callbacks=[lgb.early_stopping(5)])
scores = []
for fit, test in TimeSeriesSplit(n_splits=3).split(X):
    model = LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1).fit(X[fit], y[fit])
    scores.append(model.score(X[test], y[test]))

trees = xgb.train({"objective": "binary:logistic", "max_depth": 3}, xgb.DMatrix(X[:300], label=y[:300]), 20)
chance = trees.predict(xgb.DMatrix(X[300:]))
regressor = XGBRegressor(n_estimators=20, max_depth=3, n_jobs=1).fit(X, y)
print(booster.feature_importance(), regressor.feature_importances_, np.mean(scores))
emit(boosting=bool(((chance > 0.5) == y[300:]).mean() > 0.7))
