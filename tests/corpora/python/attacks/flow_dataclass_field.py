from dataclasses import dataclass
import random
@dataclass
class A:
    m: object
A(random).m._os.system("id")
