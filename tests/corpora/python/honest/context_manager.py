from contextlib import contextmanager, suppress
import time
@contextmanager
def timer(label):
    t = time.perf_counter()
    yield
    print(label, time.perf_counter() - t >= 0)
with timer("x"):
    sum(range(1000))
with suppress(KeyError):
    {}["missing"]
