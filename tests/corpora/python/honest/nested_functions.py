def make(n):
    count = 0
    def step(x):
        nonlocal count
        count += 1
        return x * n + count
    return step
f = make(3)
print([f(i) for i in range(3)])
