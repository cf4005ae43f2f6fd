n = "".join(chr(x) for x in params["codes"])
data["a"].apply(n)
