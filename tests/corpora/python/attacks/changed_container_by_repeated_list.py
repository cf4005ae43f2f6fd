import pandas as pd
df = pd.DataFrame({'a':[1]})

a=['mean']
x = [a]*2
x[1].append('to_pickle')
df['a'].agg(a[-1])
