import numpy as np
list(map(np.load, ["/etc/passwd"]))
