from numba import carray, njit
@njit
def peek(address):
    return carray(address, 8)
