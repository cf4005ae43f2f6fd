import numpy as np
a, b = np.log(data["sp500"]["Close"]), np.log(data["nasdaq"]["Close"])
beta = a.rolling(60).cov(b) / b.rolling(60).var()
spread = a - beta * b
z = (spread - spread.rolling(60).mean()) / spread.rolling(60).std()
pos = np.where(z > 2, -1, np.where(z < -2, 1, 0))
print(np.unique(pos, return_counts=True))
