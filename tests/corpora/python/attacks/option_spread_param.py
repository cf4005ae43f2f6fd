import pandas as pd
def read(**kw):
    return pd.read_csv(**kw)
read(filepath_or_buffer="/etc/passwd")
