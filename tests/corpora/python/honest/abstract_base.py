from abc import ABC, abstractmethod
class Strategy(ABC):
    def __init__(self, name):
        self.name = name
    @abstractmethod
    def signal(self, row): ...
class Momentum(Strategy):
    def __init__(self, n=20):
        super().__init__("momentum")
        self.n = n
    def signal(self, row):
        return 1 if row > 0 else 0
s = Momentum()
r = data["sp500"]["Close"].pct_change(s.n).fillna(0)
print(s.name, sum(s.signal(x) for x in r), type(s).__name__)
