from functools import partialmethod
class A:
    run = partialmethod(eval, "1")
