import pandas as pd
pd.read_html("http://evil.test")
