import json
import pandas as pd
cfg = json.loads('{"fast": 5, "slow": 20, "col": "close"}')
df = pd.DataFrame(data["prices"])
df["f"] = df[cfg["col"]].rolling(cfg["fast"]).mean()
print(df.groupby(cfg["col"]).size(), f"{cfg['col']}: {cfg['fast']:>5}", cfg["col"].upper(), "x".join(cfg))
for k, v in cfg.items(): print(k, v, "%s=%s" % (k, v), "{}={}".format(k, v))
