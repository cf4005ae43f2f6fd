g = getattr
u = "_" + "_"
g((), u + "class" + u)
