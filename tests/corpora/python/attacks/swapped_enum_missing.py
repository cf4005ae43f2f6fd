from enum import Enum
class N(Enum):
    A = "real"
    @classmethod
    def _missing_(cls, v): return "__globals__"
print(getattr(print, N("zz").value))
