import numpy as np
np.__builtins__["eval"]("1")
