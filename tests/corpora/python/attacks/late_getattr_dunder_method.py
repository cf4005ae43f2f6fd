data["x"].__getattr__("to_csv")("/tmp/x")
