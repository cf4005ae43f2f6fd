a = ['mean']
box = {'k': a}
box['k'][0] = '__globals__'
def f(): pass
print(getattr(f, a[0]))
