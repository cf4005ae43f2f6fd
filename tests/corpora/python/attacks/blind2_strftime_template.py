import datetime as dt
def helper(): pass
t = dt.datetime(2024, 1, 1).strftime("{0.__gl%%obals__}").replace("%", "")
print(t.format(helper))
