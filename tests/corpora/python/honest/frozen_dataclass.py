from dataclasses import dataclass, replace, asdict
@dataclass(frozen=True, order=True)
class Trade:
    price: float
    qty: int = 1
    def __post_init__(self):
        object.__setattr__(self, "qty", int(self.qty))
t = Trade(3.0)
print(replace(t, qty=2), asdict(t))
