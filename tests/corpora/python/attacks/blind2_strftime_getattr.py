import datetime as dt
import pandas as pd
df = pd.DataFrame({"a": [1]})
name = dt.date(2024, 1, 1).strftime("to_pick%%le").replace("%", "")
df.apply(name, args=("/tmp/x",))
