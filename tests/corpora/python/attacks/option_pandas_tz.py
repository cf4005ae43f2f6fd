import pandas as pd
print(pd.Timestamp("2020-01-01", tz="dateutil//etc/localtime"))
