import heapq
def helper(): pass
h = ["{0.__gl" + "obals__}"]
heapq.heapify(h)
print(heapq.heappop(h).format(helper))
