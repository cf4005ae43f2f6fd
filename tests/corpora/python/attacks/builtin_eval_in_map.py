print(list(map(eval, ["1"])))
