data["a"].to_sql("t", "sqlite:////tmp/x")
