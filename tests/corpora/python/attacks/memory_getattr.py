import numpy as np
class A:
    def __getattr__(self, n): return {"shape": (8,), "typestr": "|u1", "data": (4096, False), "version": 3}
x = A()
print(np.concatenate([x, x]))
