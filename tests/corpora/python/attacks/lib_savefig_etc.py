import matplotlib.pyplot as plt
plt.savefig("/etc/cron.d/x")
