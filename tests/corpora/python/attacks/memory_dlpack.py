import numpy as np
class A:
    def __dlpack__(self, **k): return 1
    def __dlpack_device__(self): return (1, 0)
np.from_dlpack(A())
