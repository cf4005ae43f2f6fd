import numpy as np
class P:
    @property
    def __array_interface__(self):
        return dict(shape=(8,), typestr='<u8', data=(id(P), False), version=3)
a = np.asarray(P()); a[0] = 10**9
