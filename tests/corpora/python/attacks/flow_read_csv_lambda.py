import pandas as pd
load = lambda p: pd.read_csv(p)
load("/etc/passwd")
