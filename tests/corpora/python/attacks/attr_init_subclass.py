class A:
    def __init_subclass__(cls, run=None):
        run("import os")
class B(A, run=exec): ...
