hasattr(data, "x") and exec("1")
