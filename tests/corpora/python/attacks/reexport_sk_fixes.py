from sklearn.utils.fixes import parse_version
