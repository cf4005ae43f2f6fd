how = "to_" + "json"
data["x"].agg(how)
