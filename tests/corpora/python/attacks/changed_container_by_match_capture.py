import pandas as pd
df = pd.DataFrame({'a':[1]})

a=['mean']
match a:
    case b: b.append('to_pickle')
df['a'].agg(a[-1])
