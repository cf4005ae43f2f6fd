import random
match random:
    case m:
        m._os.system("id")
