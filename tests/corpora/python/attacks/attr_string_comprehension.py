getattr((), "".join([chr(x + 1) for x in [94, 94, 98, 107, 96, 114, 114, 94, 94]]))
