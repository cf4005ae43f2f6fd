print(f"{eval('1')}")
