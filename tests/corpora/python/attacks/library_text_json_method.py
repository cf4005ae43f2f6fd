import json
df = data["x"]
df.agg(json.loads('"to_clipboard"'))
