import numpy as np
max([np], key=lambda m: m.load("/etc/passwd"))
