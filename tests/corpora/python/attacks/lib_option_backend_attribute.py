import pandas as pd
pd.options.plotting.backend = "evil_module"
