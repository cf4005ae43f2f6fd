class Money:
    __slots__ = ("amount",)
    def __init__(self, amount): self.amount = amount
    def __add__(self, other): return Money(self.amount + other.amount)
    def __eq__(self, other): return isinstance(other, Money) and self.amount == other.amount
    def __hash__(self): return hash(self.amount)
    def __lt__(self, other): return self.amount < other.amount
    def __len__(self): return 1
    def __getitem__(self, i): return self.amount
    def __call__(self): return self.amount
    def __enter__(self): return self
    def __exit__(self, *exc): return False
with Money(3) as m:
    print((m + Money(4))(), m == Money(3), sorted([Money(2), Money(1)])[0].amount)
