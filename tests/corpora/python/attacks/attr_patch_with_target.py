import math
from contextlib import nullcontext
with nullcontext(3) as math.pi:
    pass
