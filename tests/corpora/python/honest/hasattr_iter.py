x = params.get("windows", [5, 10])
if not hasattr(x, "__iter__"):
    x = [x]
print(list(x))
