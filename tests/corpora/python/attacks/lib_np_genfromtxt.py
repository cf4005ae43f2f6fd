import numpy as np
np.genfromtxt("/etc/passwd", dtype=str)
