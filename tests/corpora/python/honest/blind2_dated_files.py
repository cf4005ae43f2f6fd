from datetime import datetime, date
import matplotlib.pyplot as plt
import pandas as pd
stamp = datetime.now().strftime("%Y%m%d_%H%M%S")
plt.plot([1, 2])
plt.savefig(f"equity_{stamp}.png")
plt.savefig(f"equity_{date.today():%Y-%m-%d}.png")
pd.DataFrame({"a": [1]}).to_csv(f"trades_{data['prices'].index[-1].strftime('%Y%m%d')}.csv")
