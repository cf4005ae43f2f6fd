import pandas as pd
df = pd.DataFrame(data["x"])
def swap(f):
    return "to_csv"
@swap
def stat(x): return x.mean()
df.apply(stat, args=("/tmp/x",))
