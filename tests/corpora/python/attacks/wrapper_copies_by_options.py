import functools
kw = {'assigned': ('f_glo'+'bals',)}
def f(): pass
functools.update_wrapper(f, f, **kw)
