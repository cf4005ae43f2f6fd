from typing import NamedTuple, TypedDict
P = NamedTuple("P", [("a", "print(1)")])
Q = TypedDict("Q", {"a": "__import__('os')"})
