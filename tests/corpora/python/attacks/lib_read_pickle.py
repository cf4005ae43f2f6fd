import pandas as pd
pd.read_pickle("/data/x.pkl")
