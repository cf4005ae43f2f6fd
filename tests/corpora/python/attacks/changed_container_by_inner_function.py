import pandas as pd
df = pd.DataFrame({'a':[1]})

a=['mean']
def outer():
    def inner(): return a
    return inner
outer()().append('to_pickle')
df['a'].agg(a[-1])
