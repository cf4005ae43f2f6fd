import random
def f(m=random):
    return m._os
f()
