getattr((), "__CLASS__".swapcase())
