m = [[i * j for j in range(4)] for i in range(4)]
for row in m:
    print(*row, sep="\t", end="\n", flush=True)
print(*zip(*m))
