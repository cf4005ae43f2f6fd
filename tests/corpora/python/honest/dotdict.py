class DotDict(dict):
    __getattr__ = dict.get
    __setattr__ = dict.__setitem__
p = DotDict(fast=3)
p.slow = 9
print(p.fast, p["slow"])
