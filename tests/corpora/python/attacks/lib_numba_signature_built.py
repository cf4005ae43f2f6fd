from numba import njit
text = "".join(chr(c) for c in params["codes"])
f = njit(text)(lambda x: x)
