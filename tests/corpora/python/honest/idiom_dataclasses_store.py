from dataclasses import dataclass, field
@dataclass
class Order:
    qty: float = 0.0
    tags: list = field(default_factory=list)
@dataclass
class Book:
    orders: dict = field(default_factory=dict)
    log: list[Order] = field(default_factory=list)
    best: Order = field(default_factory=Order)
    def add(self, n, q):
        self.orders[n] = Order(q)
        self.orders[n].qty += 1
        self.log.append(Order(q))
        self.log[-1].qty = 3
        self.best.qty = 4
        self.best.tags.append("x")
        for o in self.log: o.qty *= 2
b = Book(); b.add("a", 1); b.best.qty = 2
print(b)
