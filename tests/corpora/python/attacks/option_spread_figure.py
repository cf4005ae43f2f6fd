import matplotlib.pyplot as plt
fig = plt.figure()
def save(kw): fig.savefig(**kw)
save({"fname": "/etc/x.png"})
