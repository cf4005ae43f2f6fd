a = ['mean', 'std']
for x in (a,):
    x[0] = '__globals__'
def f(): pass
print(getattr(f, a[0]))
