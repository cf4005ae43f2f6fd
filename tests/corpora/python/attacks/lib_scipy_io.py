import scipy.io
scipy.io.loadmat("/tmp/x")
