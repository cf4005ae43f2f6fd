class D(dict):
    def __getitem__(self, k): return "__glo" + "bals__"
d = D(a="real")
def f(): pass
print(getattr(f, d["a"]))
