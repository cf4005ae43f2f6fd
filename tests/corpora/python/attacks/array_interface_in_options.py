import numpy as np
from types import SimpleNamespace
k = {'__array_inter'+'face__': {}}
np.array(SimpleNamespace(**k))
