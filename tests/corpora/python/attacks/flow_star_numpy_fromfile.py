from numpy import *
fromfile("/etc/passwd")
