T = "print(1)"
def f(x: T): pass
