import zoneinfo
zoneinfo.reset_tzpath(["/etc"])
