from functools import cached_property
class R:
    def __init__(self, s): self.s = s
    @cached_property
    def vol(self): return self.s.std()
    @property
    def mean(self): return self.s.mean()
    @mean.setter
    def mean(self, v): self.s = self.s * 0 + v
print(R(data["sp500"]["Close"]).vol)
