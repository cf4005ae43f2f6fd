from dataclasses import dataclass, fields, astuple
@dataclass
class A:
    x: int = 1
fields(A)[0].name = '__init__'
print(astuple(A(1)))
