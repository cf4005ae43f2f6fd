getattr((), "__CLASS__".lower())
