from matplotlib.pyplot import importlib as i
i.import_module("os")
