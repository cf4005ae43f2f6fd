getattr((), "".join(["__", "class", "__"]))
