data["a"].apply("to_csv")
