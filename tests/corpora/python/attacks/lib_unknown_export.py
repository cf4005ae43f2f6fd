data["a"].export_to_disk("/tmp/x")
