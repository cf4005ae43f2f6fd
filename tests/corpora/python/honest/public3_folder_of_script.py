# After scripts of public repositories: results go to a folder beside the script.
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
RESULTS.mkdir(parents=True, exist_ok=True)
CHARTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "charts")
os.makedirs(CHARTS, exist_ok=True)

frame = next(iter(data.values()))
frame.tail(20).to_csv(RESULTS / "tail.csv")
frame["Close"].describe().to_csv(os.path.join(CHARTS, "close.csv"))
print("saved to", RESULTS)
