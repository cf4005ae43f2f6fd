getattr((), "__pynff__".translate(str.maketrans("pynf", "clas")))
