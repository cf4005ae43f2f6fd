w = data["a"].to_csv
w("/tmp/x")
