from numba.core import types, cgutils
print(types.voidptr)
