import heapq
from collections import deque, defaultdict, Counter, OrderedDict
q = deque(maxlen=20)
for c in data["sp500"]["Close"]:
    q.append(c)
h = []
heapq.heappush(h, (1, "a"))
d = defaultdict(list)
d["x"].append(1)
print(sum(q) / len(q), heapq.heappop(h), Counter("aab").most_common(1), OrderedDict(a=1))
