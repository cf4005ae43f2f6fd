args = ("/etc/x.csv",)
data["x"].to_csv(*args)
