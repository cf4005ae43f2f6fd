from operator import attrgetter as get
import pandas as pd
print(get("x", "__globals__")(pd.isna))
