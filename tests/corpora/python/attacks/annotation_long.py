from functools import singledispatch
@singledispatch
def f(x): pass
@f.register
def _(x: "int if ((((((((((((((((((((((1)))))))))))))))))))))) else print(open('/etc/passwd'))"): pass
