import enum
@enum.global_enum
class E(enum.IntEnum):
    __module__ = 'builtins'
    max = 7
print(max)
