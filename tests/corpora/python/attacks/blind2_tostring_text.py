import pandas as pd
def helper(): pass
t = pd.DataFrame([["{0.__gl", "obals__}"]]).to_string(index=False, header=False).replace(" ", "")
print(t.format(helper))
