import numpy as np
a = np.zeros(4, dtype="i8"); b = a.view(object); print(b[0])
