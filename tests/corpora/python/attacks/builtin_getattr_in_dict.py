d = {"g": getattr}
d["g"](print, "__se" + "lf__")
