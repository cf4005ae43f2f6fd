n = "".join(["to", "_", "csv"])
data["a"].transform(n)
