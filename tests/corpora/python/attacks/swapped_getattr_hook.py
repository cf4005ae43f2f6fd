class A:
    name = "real"
class B:
    def __getattr__(self, n): return "__" + "globals" + "__"
x = B() if data else A()
def f(): pass
print(getattr(f, x.name))
