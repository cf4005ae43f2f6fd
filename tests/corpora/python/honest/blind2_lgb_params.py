import lightgbm as lgb
import numpy as np
X, y = np.random.default_rng(0).normal(size=(100, 3)), np.arange(100) % 2
best = {"num_leaves": 7, "learning_rate": 0.1}
base = dict(objective="binary", verbosity=-1, n_jobs=1, seed=0)
base.update(best)
for lr in (0.05, 0.1):
    base["learning_rate"] = lr
    cv = lgb.cv(base, lgb.Dataset(X, y), num_boost_round=5, nfold=3, stratified=False, seed=0)
m = lgb.LGBMClassifier(**best, n_estimators=10, verbose=-1).fit(X, y)
m.set_params(num_leaves=5)
b = lgb.train({**base, **best}, lgb.Dataset(X, label=y, free_raw_data=False), 5)
print(b.predict(X)[:2], lgb.Booster(model_str=b.model_to_string()).num_trees())
