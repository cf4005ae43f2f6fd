from collections import namedtuple
P = namedtuple("P", "name")
p = P("real")
p = p._replace(**{"name": "__glo" + "bals__"})
def f(): pass
print(getattr(f, p.name))
