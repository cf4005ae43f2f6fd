if "data" not in globals():
    data = {}
if "params" in locals():
    fast = params.get("fast", 5)
print(len(data))
