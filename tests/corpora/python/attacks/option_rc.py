import matplotlib
matplotlib.rc_file("/tmp/x")
