import pandas as pd
def load(path, read=pd.read_csv):
    return read(path)
load("/etc/passwd")
