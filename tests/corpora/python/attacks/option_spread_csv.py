import json
data["x"].to_csv(**json.loads('{"path_or_buf": "/x"}'))
