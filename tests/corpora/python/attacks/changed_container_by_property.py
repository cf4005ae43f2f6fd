import pandas as pd
df = pd.DataFrame({'a':[1]})

a=['mean']
class E:
    @property
    def v(self): return a
E().v.append('to_pickle')
df['a'].agg(a[-1])
