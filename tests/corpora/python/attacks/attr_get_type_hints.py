import typing
class A:
    x: "__import__('os')"
typing.get_type_hints(A)
