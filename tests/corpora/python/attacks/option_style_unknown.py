import matplotlib.pyplot as plt, json
plt.style.use(json.loads('"/tmp/x"'))
