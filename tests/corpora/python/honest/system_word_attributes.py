class TradingSystem:
    def __init__(self): self.system = "turtle"; self.file = None; self.os = "x"
    def execute(self, order): return order
    def save(self, k): return k
    def load(self, k): return k
    def compile(self): return self
    def eval(self, x): return x
t = TradingSystem()
print(t.execute(3), t.system, t.save(1), t.load(2), t.compile().eval("close"), t.os)
