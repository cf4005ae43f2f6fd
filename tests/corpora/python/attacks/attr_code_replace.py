f = lambda: 0
f.__code__.replace(co_consts=())
