getattr((), "  __class__ ".strip())
