from typing import Literal
def f(x: Literal["a"] = "a", y: "Literal['x'] and print(1)" = 1): pass
