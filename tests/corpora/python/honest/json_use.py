import json
cfg = json.loads('{"fast": 3}')
print(json.dumps({"fast": cfg["fast"], "ok": True}, indent=2))
