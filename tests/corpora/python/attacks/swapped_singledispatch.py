from functools import singledispatch
@singledispatch
def name(x): return "real"
@name.register(int)
def _(x): return "__glob" "als__"
def f(): pass
print(getattr(f, name(1)))
