import random
mods = {"r": random}
mods["r"]._os.system("id")
