import random
getattr(random, "_os").system("id")
