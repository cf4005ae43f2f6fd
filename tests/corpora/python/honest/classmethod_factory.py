class Cfg:
    defaults = {"n": 3}
    def __init__(self, n): self.n = n
    @classmethod
    def from_params(cls, p): return cls(p.get("n", cls.defaults["n"]))
    @staticmethod
    def check(n): return n > 0
c = Cfg.from_params(params)
print(c.n, Cfg.check(c.n), isinstance(c, Cfg))
