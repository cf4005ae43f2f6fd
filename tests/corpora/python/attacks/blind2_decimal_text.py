import fractions
import operator
def helper(): pass
t = operator.concat("{0.__gl", "obals__}")
print(t.format(helper))
