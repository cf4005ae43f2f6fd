getattr((), "_" * 2 + "class" + "_" * 2)
