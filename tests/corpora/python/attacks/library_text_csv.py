import csv, io
row = next(csv.reader(io.StringIO("to_clipboard")))
data["x"].agg(row[0])
