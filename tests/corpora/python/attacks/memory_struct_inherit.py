import numpy as np
class Base:
    pass
setattr(Base, "__array_interface__", {"data": (4096, False)})
class A(Base): pass
np.array(A())
