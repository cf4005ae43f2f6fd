import numpy as np
sorted([np], key=lambda m: m.load("/etc/passwd", None))
