reader = getattr
names = ["__glo", "bals__"]
reader(print, names[0] + names[1])
