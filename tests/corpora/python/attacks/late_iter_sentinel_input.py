list(iter(input, "x"))
