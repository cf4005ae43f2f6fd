getattr(data["a"], "to_" + "pickle")("/tmp/x")
