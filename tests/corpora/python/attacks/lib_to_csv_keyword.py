data["a"].to_csv(path_or_buf="/srv/out.csv")
