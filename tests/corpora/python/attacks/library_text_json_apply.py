import json
data["x"].apply(json.loads('["to_csv"]')[0], args=("/tmp/y",))
