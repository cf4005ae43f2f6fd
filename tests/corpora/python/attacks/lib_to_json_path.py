data["a"].to_json("out.json")
