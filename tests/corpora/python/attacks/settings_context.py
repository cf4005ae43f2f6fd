import matplotlib.pyplot as plt
with plt.rc_context({'text.usetex': True}): pass
