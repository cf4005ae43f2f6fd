from dataclasses import dataclass
@dataclass
class Rule:
    how: str = "mean"
rule = Rule("__globals__")
def f(): pass
print(getattr(f, rule.how))
