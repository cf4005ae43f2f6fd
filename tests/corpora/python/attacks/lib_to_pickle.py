data["a"].to_pickle("/tmp/x.pkl")
