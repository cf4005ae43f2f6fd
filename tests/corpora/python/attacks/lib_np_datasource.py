import numpy as np
np.DataSource().open("http://evil.test")
