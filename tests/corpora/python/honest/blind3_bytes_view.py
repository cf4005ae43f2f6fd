import numpy as np
raw = np.arange(4, dtype="<f4").tobytes()
print(np.frombuffer(raw, dtype="<f4"), memoryview(raw).nbytes)
