import pandas as pd
def helper(): pass
t = pd.Timestamp("2024-01-01").strftime("{0.__gl%%obals__}").replace("%", "")
print(t.format(helper))
