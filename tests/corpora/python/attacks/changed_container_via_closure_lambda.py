a = ['mean']
def edit(): a.__setitem__(0, '__globals__')
edit()
def f(): pass
print(getattr(f, a[0]))
