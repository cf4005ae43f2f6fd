class Params:
    fast = 10
    def __init__(self, **kw):
        self.__dict__.update(kw)
p = Params(slow=30)
print(p.fast, p.slow, p.__dict__)
