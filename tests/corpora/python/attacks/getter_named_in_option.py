import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectFromModel
class E(BaseEstimator):
    def __init__(self): pass
    def fit(self, X, y=None):
        self.n_ = 1
        return self
try:
    SelectFromModel(E().fit(None), importance_getter='__init__.__globals__', prefit=True).get_support()
except AttributeError as e:
    print(e.obj['__builtins__'])
