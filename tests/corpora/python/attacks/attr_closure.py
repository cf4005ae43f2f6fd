def f(x):
    def g(): return x
    return g
f(1).__closure__[0].cell_contents
