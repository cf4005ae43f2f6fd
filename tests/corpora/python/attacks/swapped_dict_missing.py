class D(dict):
    def __missing__(self, k): return "__glo" + "bals__"
NAMES = D(a="real")
def f(): pass
print(getattr(f, NAMES["zz"]))
