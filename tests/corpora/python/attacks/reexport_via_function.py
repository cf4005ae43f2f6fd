import random
def pick(m):
    return m._os
pick(random).system("id")
