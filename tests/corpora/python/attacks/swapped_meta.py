class M(type):
    def __new__(m, n, b, d):
        d["name"] = "__glo" + "bals__"
        return type.__new__(m, n, b, d)
class A(metaclass=M):
    name = "real"
def f(): pass
print(getattr(f, A.name))
