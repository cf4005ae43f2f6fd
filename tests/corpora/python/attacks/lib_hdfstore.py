import pandas as pd
pd.HDFStore("/tmp/x")
