import operator
def helper(): pass
print(operator.methodcaller("format", helper)("{0.__gl" + "obals__}"))
