from functools import partial, wraps, lru_cache
def deco(arg):
    def inner(f): return lambda *a: arg
    return inner
@deco("to_pickle")
def name(): return "mean"
data["x"].agg(name(), 0, "/tmp/x")
