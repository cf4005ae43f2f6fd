from types import SimpleNamespace
cfg = SimpleNamespace(fast=3, slow=9)
cfg.fast = 5
print(cfg.fast, vars_like := {"a": 1})
