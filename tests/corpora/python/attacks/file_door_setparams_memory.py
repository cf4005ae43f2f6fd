from sklearn.pipeline import Pipeline
p = Pipeline([("a", "passthrough")])
p.set_params(memory="/tmp/m")
