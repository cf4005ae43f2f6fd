import bisect
class Book:
    def __init__(self):
        self.bids, self.asks = [], []
    def add(self, price, side):
        bisect.insort(self.bids if side == "b" else self.asks, price)
    def spread(self):
        return self.asks[0] - self.bids[-1]
b = Book()
for p, s in [(99, "b"), (101, "a"), (100, "b")]:
    b.add(p, s)
print(b.spread())
