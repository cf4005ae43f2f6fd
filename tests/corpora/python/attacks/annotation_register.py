from functools import singledispatch
@singledispatch
def f(x): pass
@f.register
def _(x: "print(open('/etc/passwd').read())"): pass
