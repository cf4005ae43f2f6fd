import random, math
for m in (math, random):
    m._os
