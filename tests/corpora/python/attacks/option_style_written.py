import matplotlib.pyplot as plt
with open("matplotlibrc", "w") as f: f.write("backend: module://x")
