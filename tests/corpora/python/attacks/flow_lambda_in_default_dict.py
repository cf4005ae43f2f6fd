table = {"run": lambda s: eval(s)}
table["run"]("1")
