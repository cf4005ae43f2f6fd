import heapq
h = ['zzz']
heapq.heappush(h, '__globals__')
def f(): pass
print(getattr(f, h[0]))
