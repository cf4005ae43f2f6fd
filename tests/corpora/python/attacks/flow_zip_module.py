import random
for (m,) in zip([random]):
    m._os.system("id")
