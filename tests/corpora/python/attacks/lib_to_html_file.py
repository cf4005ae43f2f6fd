data["a"].to_html("/tmp/x.html")
