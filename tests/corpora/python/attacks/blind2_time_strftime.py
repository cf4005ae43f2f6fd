import time
def helper(): pass
print(time.strftime("{0.__gl%%obals__}").replace("%", "").format(helper))
