list(map(getattr, [print], ["__self__"]))
