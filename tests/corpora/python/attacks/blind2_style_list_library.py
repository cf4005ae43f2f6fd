import matplotlib.style
matplotlib.style.library["x"] = {"text.usetex": True}
matplotlib.style.use("x")
