import matplotlib as mpl
d = dict([('text.' + 'usetex', True)])
mpl.rcParams.update(d)
