import io, pandas as pd
df = pd.DataFrame({'a': [1]})
a = [io.StringIO()]
b = a
b[0] = '/tmp/x/alias.csv'
df.to_csv(a[0])
