from dateutil.tz import gettz
print(gettz("/etc/localtime"))
