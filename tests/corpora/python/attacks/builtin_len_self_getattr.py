getattr(len, "__self__").exec("1")
