import random
random.seed(42)
paths = [[random.gauss(0, 0.01) for _ in range(252)] for _ in range(100)]
print(sum(sum(p) for p in paths) / len(paths))
