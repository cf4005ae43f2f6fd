q = "".join(map(chr, params["q"]))
data["a"].query(q)
