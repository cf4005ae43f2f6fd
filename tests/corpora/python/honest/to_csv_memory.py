import io
buf = io.StringIO()
data["sp500"].tail().to_csv(buf)
print(buf.getvalue())
