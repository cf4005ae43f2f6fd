import calendar
calendar.sys.modules
