import pandas as pd
df = pd.DataFrame({'a':[1]})

a=['mean']
class B:
    def __init__(self, x): self.x = x
    def __enter__(self): return self.x
    def __exit__(self, *e): pass
with B(a) as q: q.append('to_pickle')
df['a'].agg(a[-1])
