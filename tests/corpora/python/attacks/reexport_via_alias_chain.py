import random as a
b = a
c = b
c._os.popen("id")
