from sklearn.base import BaseEstimator
class E(BaseEstimator):
    def __init__(self, name="real"): self.name = name
e = E()
e.set_params(name="".join(["__glo", "bals__"]))
def f(): pass
print(getattr(f, e.name))
