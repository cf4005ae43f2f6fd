class P:
    def __init__(self): self.a = 1; self.b = 2
    def to_dict(self): return {k: v for k, v in self.__dict__.items() if not k.startswith("_")}
print(P().to_dict())
