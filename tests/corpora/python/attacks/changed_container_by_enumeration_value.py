import pandas as pd
df = pd.DataFrame({'a':[1]})

import enum
class R(enum.Enum):
    A='to_pickle'
df['a'].agg(R.A.value)
