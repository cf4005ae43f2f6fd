import pandas as pd
def where(x):
    return "/etc/" + x
pd.read_csv(where("passwd"))
