print(max(["os"], key=__import__))
