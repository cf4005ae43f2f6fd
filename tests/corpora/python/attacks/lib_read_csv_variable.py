import pandas as pd
p = "/etc" + "/passwd"
pd.read_csv(p)
