locals()["x"] = 1
