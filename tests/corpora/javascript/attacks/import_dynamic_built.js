import("f" + "s")
