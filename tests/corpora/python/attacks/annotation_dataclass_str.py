from dataclasses import dataclass
@dataclass
class A:
    x: "ClassVar[__import__('os')]" = 1
