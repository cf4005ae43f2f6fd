print("".join(chr(c) for c in params["f"]).format(1))
