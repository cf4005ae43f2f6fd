import json, pandas as pd
pd.read_csv("/data/x.csv", engine=json.loads('"x"'))
