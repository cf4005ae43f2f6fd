class Positive:
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, obj, objtype=None):
        return self if obj is None else getattr(obj, self.name, 0.0)
    def __set__(self, obj, value):
        if value < 0: raise ValueError(f"{self.name[1:]} must be >= 0")
        setattr(obj, self.name, value)
class Risk:
    size = Positive(); stop = Positive()
    __slots__ = ("_size", "_stop")
    def __init__(self, size, stop): self.size, self.stop = size, stop
    def __eq__(self, o): return isinstance(o, Risk) and (self.size, self.stop) == (o.size, o.stop)
    def __hash__(self): return hash((self.size, self.stop))
    def __iter__(self): yield from (self.size, self.stop)
print([*Risk(1, 2)], Risk(1, 2) == Risk(1, 2), {Risk(1, 2)})
