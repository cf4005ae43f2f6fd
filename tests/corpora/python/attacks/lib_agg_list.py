data["a"].groupby("x").agg(["mean", "to_pickle"])
