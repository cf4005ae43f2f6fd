class A:
    name = "real"
a = A()
vars(a).update(name="__glo" + "bals__")
def f(): pass
print(getattr(f, a.name))
