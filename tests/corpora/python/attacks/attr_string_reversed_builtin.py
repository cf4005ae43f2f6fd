getattr((), "".join(reversed("__ssalc__")))
