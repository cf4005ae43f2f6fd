import numpy as np
[np, np].sort(key=lambda m: m.load("/etc/passwd"))
