import pandas as pd
df = pd.DataFrame({'a': [1]})
fs = ['mean']
g = fs
g[0] = 'to_pickle'
df['a'].agg(fs[0], path='/tmp/x/agg.pkl')
