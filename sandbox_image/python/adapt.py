"""Adapts libraries to a sandbox: one core, one process, and nowhere to keep files. Run in their folder, once."""

from pathlib import Path

CHANGES = {
    # Nothing that was compiled can be kept, and what is kept is unpickled: `cache=True` means nothing here.
    "numba/core/caching.py": (
        "class FunctionCache(Cache):",
        "class FunctionCache(NullCache):\n    def __init__(self, py_func): pass\n\nclass _FunctionCache(Cache):",
    ),
    # Compiling an indicator takes longer than running it.
    "pandas_ta_classic/utils/_njit.py": ("    from numba import njit", "    raise ImportError"),
    # Zero is its word for this process.
    "pandas_ta_classic/core.py": ("    _cores = cpu_count()", "    _cores = 0"),
}
ALIASES = {
    # The name under which programs know it: the original works with no numpy since 2.0 and is not kept.
    "pandas_ta.py": "import sys\n\nimport pandas_ta_classic\n\nsys.modules[__name__] = pandas_ta_classic\n",
}

for name, (old, new) in CHANGES.items():
    text = Path(name).read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise SystemExit(f"{name} has changed: it no longer has one line {old!r}")
    Path(name).write_text(text.replace(old, new), encoding="utf-8")
for name, text in ALIASES.items():
    Path(name).write_text(text, encoding="utf-8")
