import numpy as np
np.fromregex("/etc/passwd", "(.*)", [("a", "S9")])
