import pandas as pd
df = pd.DataFrame({'a':[1]})

from typing import NamedTuple
class R(NamedTuple):
    how: str='mean'
r=R._make(['to_pickle'])
df['a'].agg(r.how)
