import pandas as pd
pd.set_option("plotting.backend", "evil_module")
