import random
class Box: pass
box = Box()
box.lib = random
box.lib._os.system("id")
