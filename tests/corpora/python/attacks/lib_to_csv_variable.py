p = params["out"]
data["a"].to_csv(p)
