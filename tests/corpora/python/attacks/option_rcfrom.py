import matplotlib as mpl
mpl.rc_params_from_file("x")
