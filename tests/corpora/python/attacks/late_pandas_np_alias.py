import pandas as pd
pd.np.load("/etc/passwd")
