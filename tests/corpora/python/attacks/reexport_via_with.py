import random
from contextlib import nullcontext
with nullcontext(random) as m:
    m._os.system("id")
