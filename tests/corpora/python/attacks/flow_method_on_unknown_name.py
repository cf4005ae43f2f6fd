name = "to_" + params["kind"]
getattr(data["x"], name)("/tmp/x")
