import random
match random:
    case object(_os=o):
        o.system("id")
