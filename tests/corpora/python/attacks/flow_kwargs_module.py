import random
def f(**modules):
    return modules["m"].choice.__self__
f(m=random)
