import pandas as pd
df = pd.DataFrame({'a':[1]})

a=['mean']
class E:
    def __getitem__(self, o): o.append('to_pickle')
    def __add__(self, o): o.append('to_pickle')
    def __contains__(self, o): o.append('to_pickle')
E() + a
df['a'].agg(a[-1])
