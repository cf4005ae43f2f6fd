from types import SimpleNamespace
import numpy as np
d = {}
d["__array_" + "interface__"] = {"data": (4096, False)}
a = SimpleNamespace(**d)
print(np.asarray(a))
