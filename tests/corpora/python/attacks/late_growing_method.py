name = "to"
name += "_"
name += "csv"
data["x"].agg(name)
