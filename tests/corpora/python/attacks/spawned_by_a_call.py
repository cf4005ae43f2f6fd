import numpy as np
print(np.random.SeedSequence(1).spawn(eval("__import__('os').getpid()")))
