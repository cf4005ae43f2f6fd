class A:
    def __eq__(self, o):
        if not isinstance(o, self.__class__): return NotImplemented
        return self.__class__ is o.__class__ and self.__class__.__name__ == o.__class__.__name__
    def __repr__(self): return f"{self.__class__.__name__}()"
    def copy(self): return self.__class__()
def f(a, b): return isinstance(a, b.__class__) or issubclass(a.__class__, b.__class__) or type(a) is b.__class__
print(f(A(), A()), A() == A(), A().copy(), a if False else 1)
