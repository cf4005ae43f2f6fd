data["a"].to_json("/srv/out.json")
