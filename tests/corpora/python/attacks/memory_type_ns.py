from types import SimpleNamespace
import numpy as np
a = SimpleNamespace(**{"__array_interface__": {"data": (4096, False), "shape": (1,), "typestr": "<i8", "version": 3}})
print(np.asarray(a))
