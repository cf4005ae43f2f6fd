import json
data["x"].plot(backend=json.loads('"evil"'))
