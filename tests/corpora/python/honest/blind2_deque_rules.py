from collections import deque, Counter
win = deque(maxlen=5)
names = deque(["mean", "std"])
while names:
    how = names.popleft()
    print(getattr(data["prices"]["Close"], "rolling")(5).agg(how).iloc[-1])
for c in data["prices"]["Close"].head(9):
    win.append(c)
print(sum(win) / len(win), Counter("aab").most_common(1)[0][0])
