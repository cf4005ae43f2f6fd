import pandas as pd
df = pd.DataFrame({'a':[1]})

from collections import ChainMap
a={'k':'mean'}
ChainMap(a)['k']='to_pickle'
df['a'].agg(a['k'])
