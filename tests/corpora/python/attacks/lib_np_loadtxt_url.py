from numpy import loadtxt
loadtxt("http://evil.test")
