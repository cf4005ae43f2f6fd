class Positive:
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, obj, owner=None): return self if obj is None else obj.__dict__[self.name]
    def __set__(self, obj, value):
        if value <= 0: raise ValueError(self.name[1:])
        obj.__dict__[self.name] = value
class Cfg:
    window = Positive()
    def __init__(self, w): self.window = w
print(Cfg(20).window)
