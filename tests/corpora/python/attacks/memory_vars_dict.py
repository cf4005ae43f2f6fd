import numpy as np
class A: pass
a = A()
a.__dict__["__array_interface__"] = {"data": (4096, False)}
np.asarray(a)
