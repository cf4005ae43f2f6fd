from collections import defaultdict
how = defaultdict(list)
for col in ("Close", "Volume"):
    how[col].append("mean")
print(data["prices"].agg(dict(how)))
