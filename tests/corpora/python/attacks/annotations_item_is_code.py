from dataclasses import dataclass
@dataclass(init=False, repr=False)
class A:
    x: int = 1
    __annotations__["x,__import__('os').system('id'),self.x"] = int
print(A() == A())
