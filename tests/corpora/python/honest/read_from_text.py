import io
import pandas as pd
text = "d,c\n2020-01-01,1\n2020-01-02,2\n"
print(pd.read_csv(io.StringIO(text)))
