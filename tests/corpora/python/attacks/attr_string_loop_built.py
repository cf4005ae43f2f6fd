s = ""
for c in "__class__":
    s += c
getattr((), s)
