import random, math
a, *b = math, random
b[0]._os.system("id")
