df = data["sp500"]
up = df.query("Close > Open and Volume > 0")
level = params.get("level", 1200)
print(len(up), len(df.query("Close > @level")), len(df.query(f"Close > {level}")))
