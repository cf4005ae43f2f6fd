import operator
names = ['mean']
operator.setitem(names, 0, '__globals__')
def f(): pass
print(getattr(f, names[0]))
