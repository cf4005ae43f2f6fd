import operator
operator.methodcaller("to_csv", "/tmp/x")(data["a"])
