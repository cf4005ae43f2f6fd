KINDS = ["mean", "std"]
def kinds():
    return KINDS
kinds()[0] = "__globals__"
def f(): pass
print(getattr(f, KINDS[0]))
