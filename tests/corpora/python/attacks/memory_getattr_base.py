import numpy as np
class Base:
    def __getattr__(self, n): return {"shape": (8,), "typestr": "|u1", "data": (4096, False), "version": 3}
class A(Base): pass
print(np.asarray(A()))
