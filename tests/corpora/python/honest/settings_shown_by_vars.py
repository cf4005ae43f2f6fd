class Config:
    def __init__(self, **kw):
        self.fast = 10; self.slow = 30
        for k, v in kw.items():
            if hasattr(self, k):
                setattr(self, k, v)
            else:
                raise AttributeError(f"{self.__class__.__name__} has no {k!r}")
    def __str__(self): return ", ".join(f"{k}={v}" for k, v in sorted(vars(self).items()))
cfg = Config(**{k: v for k, v in params.items() if k in ("fast", "slow")})
print(cfg)
