from typing import NewType, TypeAlias, overload, Any, cast, ClassVar, Self
Price = NewType("Price", float)
Series: TypeAlias = "list[Price]"
class Acc:
    count: ClassVar[int] = 0
    def __new__(cls, *a, **k):
        cls.count += 1
        return super().__new__(cls)
    def add(self, x: Price) -> Self:
        self.__dict__.setdefault("xs", []).append(x)
        return self
    def __len__(self): return len(getattr(self, "xs", []))
    @classmethod
    def build(cls, xs: "Series") -> "Acc":
        o = cls()
        for x in xs: o.add(cast(Price, x))
        return o
    @staticmethod
    def pct(a, b): return b / a - 1
print(len(Acc.build([1.0, 2.0])), Acc.pct(1, 2))
