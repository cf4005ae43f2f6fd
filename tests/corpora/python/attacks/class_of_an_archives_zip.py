import numpy as np
np.savez('/tmp/x_unseen.npz', a=np.arange(3))
z = np.load('/tmp/x_unseen.npz')
Z = type(z.zip)
Z('/tmp/x/o.zip', 'w').writestr('a', 'b')
