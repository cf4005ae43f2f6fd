import queue
from dataclasses import dataclass
@dataclass
class Event:
    kind: str
    value: float
events = queue.Queue()
for c in data["sp500"]["Close"].head(50):
    events.put(Event("bar", c))
pnl = 0.0
while True:
    try:
        e = events.get(block=False)
    except queue.Empty:
        break
    if e.kind == "bar":
        pnl += e.value
print(pnl)
