FT = type(lambda: 0)
FT(compile("1", "", "eval"), {})
