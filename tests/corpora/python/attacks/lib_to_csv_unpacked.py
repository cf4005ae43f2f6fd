data["a"].to_csv(*["/tmp/x"])
