from sklearn.pipeline import make_pipeline, Pipeline
from sklearn.preprocessing import StandardScaler
Pipeline([("a", StandardScaler())], memory="/tmp/m")
