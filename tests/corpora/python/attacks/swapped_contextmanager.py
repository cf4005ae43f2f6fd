from contextlib import contextmanager
class C:
    def __enter__(self): return "__glob" + "als__"
    def __exit__(self, *a): pass
def f(): pass
with C() as n: print(getattr(f, n))
