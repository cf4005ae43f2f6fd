import time, gc
t0 = time.time()
x = sum(i * i for i in range(1000))
gc.collect()
print(x, f"{time.time() - t0:.4f}s", time.strftime("%Y"))
