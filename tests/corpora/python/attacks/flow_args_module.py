import random
def f(*modules):
    return modules[0]._os
f(random)
