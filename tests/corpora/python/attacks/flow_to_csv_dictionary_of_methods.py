M = {"save": "to_csv"}
getattr(data["x"], M["save"])("/tmp/x")
