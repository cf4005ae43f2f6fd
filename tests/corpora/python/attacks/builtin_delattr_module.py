import math
delattr(math, "pi")
