import operator
from operator import itemgetter, attrgetter
ops = {">": operator.gt, "<": operator.lt}
print(ops[">"](3, 2), sorted([{"a": 2}, {"a": 1}], key=itemgetter("a")))
class T:
    def __init__(self, pnl): self.pnl = pnl
print([t.pnl for t in sorted([T(3), T(1)], key=attrgetter("pnl"))])
