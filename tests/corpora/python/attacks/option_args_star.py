import pandas as pd
a = ["/etc/passwd"]
pd.read_csv(*a)
