a = ['mean']
def g(*xs): xs[0][0] = '__globals__'
g(a)
def f(): pass
print(getattr(f, a[0]))
