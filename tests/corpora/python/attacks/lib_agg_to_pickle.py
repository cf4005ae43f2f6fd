data["a"].agg({"close": "to_pickle"})
