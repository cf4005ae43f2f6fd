import random
def outer():
    m = None
    def inner():
        nonlocal m
        m = random
    inner()
    return m._os
outer()
