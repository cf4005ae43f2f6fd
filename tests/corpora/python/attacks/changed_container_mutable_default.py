def pick(n, acc=['mean']):
    acc.insert(0, n)
    return acc
pick('__globals__')
def f(): pass
print(getattr(f, pick('x')[1]))
