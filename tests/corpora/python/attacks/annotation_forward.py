from typing import Optional
class A:
    x: Optional["eval('1')"]
