import pandas as pd
R = {"csv": pd.read_csv}
R["csv"]("/etc/passwd")
