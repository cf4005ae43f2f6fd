d = {"a": {"b": 3}}
print("{a[b]}".format(**d), "{x.real}".format(x=3))
