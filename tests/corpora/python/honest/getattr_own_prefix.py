class Rules:
    def rule_trend(self, x): return x > 0
    def rule_vol(self, x): return x < 1
    def check(self, names, x):
        return all(getattr(self, f"rule_{name}")(x) for name in names)
print(Rules().check(["trend", "vol"], 0.5))
