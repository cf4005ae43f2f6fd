import json, matplotlib
matplotlib.use(json.loads('"module://x"'))
