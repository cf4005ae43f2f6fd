from numba.extending import intrinsic, overload
print(intrinsic)
