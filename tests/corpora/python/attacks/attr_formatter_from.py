from string import Formatter as F
F().vformat("{0.__class__}", (1,), {})
