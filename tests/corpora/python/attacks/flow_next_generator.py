import random
next(m for m in [random])._os.system("id")
