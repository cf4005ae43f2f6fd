from __future__ import annotations
from typing import Protocol, TypeVar, Generic, Callable, TypedDict, NamedTuple, Literal, Any, Union
T = TypeVar("T")
class Source(Protocol):
    def get(self, name: str) -> "pd.DataFrame": ...
class Trade(TypedDict):
    side: Literal["buy", "sell"]
    price: float
class Point(NamedTuple):
    x: float
    y: float = 0.0
class Box(Generic[T]):
    def __init__(self, item: T) -> None:
        self.item: T = item
    def map(self, f: Callable[[T], Any]) -> "Box[Any]":
        return Box(f(self.item))
t: Trade = {"side": "buy", "price": 1.0}
print(Box(3).map(lambda v: v + 1).item, Point(1.0), t)
