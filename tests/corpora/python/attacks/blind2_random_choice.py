import random
import pandas as pd
df = pd.DataFrame({"a": [1]})
name = random.choice(["to_pickle", "to_pickle"])
df.apply(name, args=("/tmp/x",))
