"""Adapts libraries to a sandbox: one core, one process, and nowhere to keep files. Run in their folder, once."""

from pathlib import Path

SHOW = """
_shown = itertools.count(1)


def open_html_in_browser(html, *_):
    with open(f"plotly-{next(_shown)}.html", "w", encoding="utf-8") as file:
        file.write(html)


def _open_html_in_browser(html"""
READ_PATH = """
def normalize_read_path(path, **options):
    import filenames

    return normalize_filepath(filenames.found(path), **options)


def parse_version("""
CHANGES: dict[str, dict[str, str]] = {
    # Nothing that was compiled can be kept, and what is kept is unpickled: `cache=True` means nothing here.
    "numba/core/caching.py": {
        "class FunctionCache(Cache):": "class FunctionCache(NullCache):\n    def __init__(self, py_func): pass\n\n\n"
        "class _FunctionCache(Cache):"
    },
    # Compiling an indicator takes longer than running it.
    "pandas_ta_classic/utils/_njit.py": {"    from numba import njit": "    raise ImportError"},
    # Zero is its word for this process.
    "pandas_ta_classic/core.py": {"    _cores = cpu_count()": "    _cores = 0"},
    # It opens files itself; those that it reads may be the job's datasets under another name, see filenames.py.
    "polars/_utils/various.py": {"\ndef parse_version(": READ_PATH},
    **{
        f"polars/io/{name}.py": {"    normalize_filepath,\n": "    normalize_read_path as normalize_filepath,\n"}
        for name in ("_utils", "csv/functions", "parquet/functions", "ipc/functions")
    },
    # There is no browser: a figure that is shown is a file. Its 5 MB of JavaScript are fetched by who opens it.
    # A renderer that the program chooses would want a notebook, or a browser to draw with.
    "plotly/io/_renderers.py": {
        "    # Mimetype renderers\n    bundle": '    renderer = "browser"\n    # Mimetype renderers\n    bundle',
    },
    "plotly/io/_base_renderers.py": {
        "import webbrowser\n": "import itertools\nimport webbrowser\n",
        "\ndef open_html_in_browser(html": SHOW,
        "            include_plotlyjs=True,\n            include_mathjax": "            include_plotlyjs='cdn',\n"
        "            include_mathjax",
    },
}
ALIASES = {
    # The name under which programs know it: the original works with no numpy since 2.0 and is not kept.
    "pandas_ta.py": "import sys\n\nimport pandas_ta_classic\n\nsys.modules[__name__] = pandas_ta_classic\n",
}

for name, changes in CHANGES.items():
    text = Path(name).read_text(encoding="utf-8")
    for old, new in changes.items():
        if text.count(old) != 1:
            raise SystemExit(f"{name} has changed: it no longer has exactly one {old!r}")
        text = text.replace(old, new)
    Path(name).write_text(text, encoding="utf-8")
for name, text in ALIASES.items():
    Path(name).write_text(text, encoding="utf-8")
