names = ['mean', 'std']
names[:] = ['__globals__']
def f(): pass
print(getattr(f, names[0]))
