import numpy as np
import pandas as pd
import scipy
print(np.__version__, pd.__version__, scipy.__version__)
for lib in (np, pd):
    print(lib.__name__, lib.__version__)
