import json
import matplotlib.pyplot as plt
plt.savefig(**json.loads('{"fname": "/etc/x"}'))
