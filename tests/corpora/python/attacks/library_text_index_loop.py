import pandas as pd
df = pd.DataFrame({"to_clipboard": [1]})
for c in df.columns:
    df.agg(c)
for c in df:
    df.agg([c])
