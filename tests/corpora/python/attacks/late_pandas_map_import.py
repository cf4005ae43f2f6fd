import pandas as pd
pd.Series(["os"]).map(__import__)
