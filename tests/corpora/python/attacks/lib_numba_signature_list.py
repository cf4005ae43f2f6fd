import numba
kinds = ["float64(float64)", "(lambda: 0).__globals__"]
@numba.vectorize(kinds)
def f(x):
    return x
