from numba import objmode
