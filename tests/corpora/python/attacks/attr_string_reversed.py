getattr((), "__ssalc__"[::-1])
