import typing
def f(x: "().__class__"): pass
typing.get_type_hints(f)
