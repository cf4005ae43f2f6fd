import joblib
joblib.load("/tmp/model")
