from sklearn.externals import joblib
