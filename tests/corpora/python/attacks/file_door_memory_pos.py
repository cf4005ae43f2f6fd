from sklearn.cluster import FeatureAgglomeration
from sklearn.pipeline import Pipeline
p = Pipeline([("a", None)], "x", "/tmp/m") if False else FeatureAgglomeration(2, "euclidean", "/tmp/cache")
