import dataclasses
@dataclasses.dataclass
class A:
    x: int = 1
A.__dataclass_fields__['x'].name = '__class__'
print(dataclasses.asdict(A()))
