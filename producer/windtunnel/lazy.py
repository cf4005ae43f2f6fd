"""Loads the names that a package exports when they are first used. Imports nothing, to load fast."""

TYPE_CHECKING = False
"""As in `typing`, which takes longer to load than all of this; type checkers know the name."""

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def deferred(
    package: str, names: "Sequence[str]", homes: "Sequence[str]"
) -> "tuple[Callable[[str], object], Callable[[], list[str]]]":
    """The `__getattr__` and `__dir__` of a package whose names are in its modules `homes`, searched in order."""

    def find(name: str) -> object:
        from importlib import import_module

        own = vars(import_module(package))
        if name in names:
            for home in homes:
                module = import_module(f"{package}.{home}")
                if hasattr(module, name):
                    return own.setdefault(name, getattr(module, name))
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def listed() -> list[str]:
        from importlib import import_module

        return sorted({*vars(import_module(package)), *names})

    return find, listed
