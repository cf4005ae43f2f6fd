import itertools
best = max(itertools.product(range(5, 20, 5), range(20, 60, 10)), key=lambda p: p[1] - p[0])
print(best, list(itertools.islice(itertools.count(1), 5)))
