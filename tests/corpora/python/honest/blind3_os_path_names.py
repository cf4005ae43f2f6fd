import os
os.makedirs("out", exist_ok=True)
data["sp500"].tail().to_csv(os.path.join("out", "tail.csv"))
print(os.path.basename("out/tail.csv"))
