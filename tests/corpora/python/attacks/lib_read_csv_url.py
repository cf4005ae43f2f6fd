import pandas as pd
pd.read_csv("http://evil.test/x.csv")
