import matplotlib.pyplot as plt
import numpy as np
import json, csv
import pandas as pd
df = pd.DataFrame(data["prices"])
df.to_csv("trades.csv"); df.to_parquet("/tmp/artifacts/x.parquet"); df.to_json("out/x.json"); df.to_html("report.html"); df.to_excel("x.xlsx")
with open("notes.txt", "w") as f: f.write("hi")
with open("/tmp/artifacts/log.json", "w") as fh: json.dump({"a": 1}, fh)
with open("t.csv", mode="w", newline="") as fh:
    w = csv.writer(fh); w.writerow([1, 2])
with open("notes.txt", "a", encoding="utf-8") as f: print("x", file=f)
plt.savefig("fig.pdf"); np.save("a.npy", df.values); np.savetxt("b.txt", df.values); np.savez("c.npz", a=df.values)
for n in ("a", "b"): df.to_csv(f"{n}.csv")
fig, ax = plt.subplots(); fig.savefig(fname="x.svg")
print(pd.read_csv("trades.csv"))
