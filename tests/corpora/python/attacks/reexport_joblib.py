import sklearn.utils.validation as v
v.joblib.load('/tmp/evil.pkl')
