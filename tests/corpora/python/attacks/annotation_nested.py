from typing import List
def f(x: List["list['__import__(1)']"]): pass
