getattr((), [x for x in dir(()) if "class" in x][0])
