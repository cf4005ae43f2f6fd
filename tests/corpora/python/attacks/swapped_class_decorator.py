def swap(c):
    class Other:
        name = "__globals__"
    return Other
@swap
class Cfg:
    name = "real"
print(getattr(print, Cfg.name))
