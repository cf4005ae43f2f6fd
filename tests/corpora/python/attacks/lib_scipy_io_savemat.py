from scipy.io import savemat
savemat("/tmp/x", {})
