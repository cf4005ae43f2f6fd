import pandas as pd
data["a"].pipe(pd.DataFrame.to_pickle, "/tmp/x")
