data["x"].apply(func="to_csv")
