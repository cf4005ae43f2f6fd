data["a"].to_clipboard()
