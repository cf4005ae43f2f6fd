import pandas as pd
pd.ExcelWriter("/tmp/x.xlsx")
