from dateutil import tz
import json
print(tz.gettz(json.loads('"/etc/passwd"')))
