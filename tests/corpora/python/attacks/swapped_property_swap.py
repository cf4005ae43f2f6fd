class A:
    @property
    def name(self): return "real"
class B(A):
    name = property(lambda s: "__glo" + "bals__")
def f(): pass
print(getattr(f, B().name))
