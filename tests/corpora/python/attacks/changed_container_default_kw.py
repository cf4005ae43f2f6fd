d = dict(a='mean')
def g(x, d=d): d['a'] = x
g('__globals__')
def f(): pass
print(getattr(f, d['a']))
