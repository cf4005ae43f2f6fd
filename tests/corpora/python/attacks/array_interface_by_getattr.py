import numpy as np
class P:
    def __getattr__(self, n):
        if n.endswith('interface__'):
            return dict(shape=(8,), typestr='<u8', data=(id(P), False), version=3)
        raise AttributeError(n)
print(np.asarray(P()))
