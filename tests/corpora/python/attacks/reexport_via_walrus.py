import random
if (m := random):
    m._os.system("id")
