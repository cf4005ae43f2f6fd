import pandas as pd
pd.test()
