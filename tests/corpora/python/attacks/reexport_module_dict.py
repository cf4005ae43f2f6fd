import math
math.__dict__["__builtins__"]
