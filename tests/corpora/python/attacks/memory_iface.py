import numpy as np
class A:
    __array_interface__ = {"shape": (1,), "typestr": "<i8", "data": (0, False), "version": 3}
print(np.asarray(A()))
