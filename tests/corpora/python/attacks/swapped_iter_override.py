class L(list):
    def __iter__(self): return iter(["__globals__"])
def f(): pass
for n in L(["real"]):
    print(getattr(f, n))
