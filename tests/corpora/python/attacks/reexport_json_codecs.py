import json
json.codecs.open("/etc/passwd")
