data["a"].to_hdf("/tmp/x", key="a")
