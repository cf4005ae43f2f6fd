import functools
class Trap:
    def __setattr__(self, name, value):
        got.append(value)
got = []
def f(): pass
functools.update_wrapper(Trap(), f, assigned=('__globals__',), updated=())
print(got[0]['__builtins__'])
