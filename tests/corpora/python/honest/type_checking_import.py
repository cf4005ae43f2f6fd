from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from collections.abc import Iterable
    import pandas as pd
def total(xs: Iterable[float]) -> float:
    return sum(xs)
print(total([1, 2]))
