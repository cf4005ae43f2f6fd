data["a"].to_feather("/tmp/x")
