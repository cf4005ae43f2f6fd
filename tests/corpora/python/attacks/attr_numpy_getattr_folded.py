import numpy as np
getattr(np, "s" + "ys")
