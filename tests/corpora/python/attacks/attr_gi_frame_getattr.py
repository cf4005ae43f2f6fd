g = (x for x in [1])
getattr(g, "gi_" + "frame")
