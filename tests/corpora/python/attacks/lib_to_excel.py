data["a"].to_excel("/tmp/x.xlsx")
