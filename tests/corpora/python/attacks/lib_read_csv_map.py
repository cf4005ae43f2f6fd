import pandas as pd
list(map(pd.read_csv, ["/etc/passwd"]))
