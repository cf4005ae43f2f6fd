import math
setattr(math, "sqrt", print)
