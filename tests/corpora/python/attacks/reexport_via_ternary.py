import random, math
m = random if 1 else math
m._os.system("id")
