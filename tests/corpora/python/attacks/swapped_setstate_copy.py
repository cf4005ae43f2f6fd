import copy
class A:
    def __init__(self): self.name = "real"
    def __copy__(self):
        return B()
class B:
    name = "".join(("__glob", "als__"))
a = copy.copy(A())
def f(): pass
print(getattr(f, a.name))
