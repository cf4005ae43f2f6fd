from datetime import datetime, timedelta, date
import time
start = time.time()
d = datetime(2020, 1, 1) + timedelta(days=30)
print(d.strftime("%Y-%m-%d"), date.today().year > 2000, time.time() - start >= 0)
