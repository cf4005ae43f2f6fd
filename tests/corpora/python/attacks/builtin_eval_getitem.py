class A:
    __getitem__ = eval
A()["1"]
