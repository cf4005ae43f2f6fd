from dateutil.tz import tz
tz.os.system("id")
