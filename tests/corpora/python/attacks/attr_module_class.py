class X:
    def f(self): return __class__.__base__
