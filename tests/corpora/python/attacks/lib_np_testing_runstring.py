import numpy as np
np.testing.runstring("import os", {})
