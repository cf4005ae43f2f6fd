data["a"].to_csv("/tmp/out.csv")
