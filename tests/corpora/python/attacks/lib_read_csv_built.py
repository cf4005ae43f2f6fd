import pandas as pd
pd.read_csv("".join(reversed("dwssap/cte/")))
