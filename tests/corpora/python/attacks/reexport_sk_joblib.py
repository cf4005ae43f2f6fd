from sklearn.utils import parallel
parallel.joblib.load("x")
