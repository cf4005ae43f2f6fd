import datetime as dt
def helper(): pass
x = "{0.__gl%%obals__}"
t = f"{dt.date(2024, 1, 1):{x}}"
print(t.format(helper))
