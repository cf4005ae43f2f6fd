df = data["sp500"].eval("Range = High - Low")
print(df["Range"].mean())
