from typing import Annotated
class A:
    x: Annotated["print(1)", "y"] = 1
