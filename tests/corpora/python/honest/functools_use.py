from functools import lru_cache, partial, reduce, wraps
@lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def timed(func):
    @wraps(func)
    def inner(*args, **kwargs):
        return func(*args, **kwargs)
    return inner
@timed
def add(a, b=2): return a + b
print(fib(20), partial(add, 1)(3), reduce(lambda a, b: a * b, [1, 2, 3]), add.__name__)
