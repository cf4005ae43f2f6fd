getattr((), "__" + str.__doc__[3:8] + "__")
