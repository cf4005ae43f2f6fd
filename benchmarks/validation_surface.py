"""Derive the public surface of the allowed libraries, for `policies/python-surface.toml`.

Run it once with each set of versions that should be known, with the earlier file as argument: names are
only ever added. What is kept of a module: its public names that are neither modules nor, by a word of
their name, input or output. The result is reviewed like any other policy change.

    python benchmarks/validation_surface.py [EARLIER.toml] > NEW.toml
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import textwrap
import tomllib
import warnings
from pathlib import Path

STANDARD = """abc argparse array ast base64 bisect calendar cmath collections collections.abc contextlib copy
csv dataclasses datetime decimal enum fractions functools graphlib hashlib heapq io itertools json logging
math
numbers operator pprint queue random re secrets statistics string struct textwrap time traceback types typing
unicodedata uuid warnings zoneinfo __future__ difflib locale json.decoder
""".split()
THIRD = """numpy numpy.linalg numpy.random numpy.fft numpy.ma numpy.polynomial numpy.polynomial.polynomial
numpy.polynomial.chebyshev numpy.polynomial.legendre numpy.polynomial.hermite numpy.polynomial.laguerre
numpy.typing numpy.lib.stride_tricks numpy.lib.scimath numpy.char numpy.strings numpy.rec numpy.dtypes
numpy.exceptions numpy.testing numpy.emath
pandas pandas.api.types pandas.tseries.offsets pandas.tseries.holiday pandas.tseries.frequencies
pandas.api.indexers pandas.errors pandas.plotting pandas.api.extensions pandas.tseries.api pandas.testing
scipy scipy.stats scipy.optimize scipy.signal scipy.interpolate scipy.linalg scipy.special scipy.fft
scipy.fftpack scipy.integrate scipy.ndimage scipy.cluster.hierarchy scipy.cluster.vq scipy.spatial
scipy.spatial.distance scipy.sparse scipy.sparse.linalg scipy.sparse.csgraph scipy.stats.mstats
scipy.stats.qmc
scipy.stats.distributions scipy.constants scipy.odr scipy.signal.windows scipy.stats.contingency
matplotlib matplotlib.pyplot matplotlib.dates matplotlib.ticker matplotlib.colors matplotlib.cm
matplotlib.gridspec matplotlib.patches matplotlib.lines matplotlib.style matplotlib.figure matplotlib.axes
matplotlib.collections matplotlib.legend matplotlib.transforms matplotlib.text mpl_toolkits.mplot3d
mpl_toolkits.axes_grid1 mplfinance
""".split()
PACKAGES = """numpy.lib numpy.polynomial pandas.api pandas.tseries scipy.cluster mpl_toolkits""".split()
ONLY = {
    "array": "array typecodes",
    "ast": "literal_eval",
    "argparse": "ArgumentParser Namespace ArgumentDefaultsHelpFormatter RawDescriptionHelpFormatter "
    "ArgumentTypeError ArgumentError BooleanOptionalAction SUPPRESS REMAINDER",
    "io": "StringIO BytesIO",
    "locale": "currency",
    "json": "dumps loads JSONDecodeError JSONEncoder JSONDecoder load dump",
    "json.decoder": "JSONDecodeError",
    "numpy.lib.stride_tricks": "sliding_window_view broadcast_to broadcast_arrays broadcast_shapes",
    "traceback": "print_exc format_exc format_exception format_exception_only",
    "types": "SimpleNamespace MappingProxyType GenericAlias NoneType FunctionType LambdaType MethodType "
    "BuiltinFunctionType GeneratorType EllipsisType UnionType",
    "matplotlib": "rcParams rcdefaults rc rc_context use colormaps cycler color_sequences",
    "matplotlib.style": "use context available library",
}
NOT = {
    "argparse": "FileType",
    "collections": "",
    "csv": "",
    "dataclasses": "make_dataclass",
    "difflib": "",
    "functools": "",
    "numpy": "DataSource ctypeslib deprecate deprecate_with_doc disp fromregex get_include info lookfor "
    "memmap may_share_memory safe_eval set_string_function show_config show_runtime source test who "
    "byte_bounds add_docstring add_newdoc add_newdoc_ufunc compat seterrcall getbufsize setbufsize "
    "tracemalloc_domain use_hugepage nested_iters",
    "numpy.testing": "",
    "pandas": "test show_versions HDFStore ExcelFile ExcelWriter",
    "pandas.plotting": "",
    "scipy": "LowLevelCallable test show_config",
    "scipy.sparse": "",
    "string": "Formatter",
    "typing": "get_type_hints ForwardRef",
    "logging": "FileHandler captureWarnings shutdown currentframe getLogRecordFactory setLogRecordFactory "
    "Handler StreamHandler",
    "operator": "",
    "matplotlib.pyplot": "switch_backend install_repl_displayhook uninstall_repl_displayhook "
    "get_plot_commands pause ginput waitforbuttonpress set_loglevel imread imsave savefig",
    "calendar": "",
    "copy": "",
    "contextlib": "",
    "uuid": "getnode",
    "warnings": "",
}
# Of the namespaces' names these read like input or output and are none, or their arguments are judged.
KEEP = set(
    """read_csv read_json read_table read_fwf read_parquet read_feather read_excel loadtxt genfromtxt load
    save savez savetxt fromfile savez_compressed read_html read_xml to_datetime
    to_numeric to_timedelta savefig imread imsave loads dumps dump open_dataset io_
    writer reader DictReader DictWriter Dialect QUOTE_ALL excel unix_dialect field_size_limit list_dialects
    loggamma test_results MaskError fromfunction import_optional_dependency compile
    """.split()
)
IO = re.compile(
    r"(^|_)(read|write|load|save|dump|open|file|exec|system|spawn|popen|pickle|sql|clipboard|url|http|socket|"
    r"f2py|distutils|config|ctypes|test|tofile|fromfile|install|download)(_|s?$|f$|fig$|txt$|z$)",
    re.IGNORECASE,
)


def names_of(path: str) -> set[str]:
    """Public names of one module that are neither modules nor input or output."""
    module = importlib.import_module(path)
    if path in ONLY:
        return {name for name in ONLY[path].split() if hasattr(module, name)}
    public = getattr(module, "__all__", None) if path in STANDARD else None
    names = set(public if public is not None else dir(module))
    kept = set()
    for name in names:
        if name.startswith("_") or name in NOT.get(path, "").split():
            continue
        value = getattr(module, name, None)
        if inspect.ismodule(value):
            continue
        if name not in KEEP and path not in STANDARD and IO.search(name):
            continue
        owner = (getattr(value, "__module__", None) or "").split(".")[0]
        if callable(value) and path in THIRD and owner in sys.stdlib_module_names - {"builtins"}:
            if owner not in {"math", "datetime", "functools", "_functools"}:
                continue
            if path != "pandas" or name not in {"datetime"}:
                continue
        kept.add(name)
    return kept


def main() -> None:
    """Print the file: names known so far and names found now, by module."""
    warnings.simplefilter("ignore")
    known: dict[str, set[str]] = {}
    if len(sys.argv) > 1:
        earlier = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        known = {path: set(names.split()) for path, names in earlier["modules"].items()}
    for path in STANDARD + THIRD:
        try:
            known[path] = known.get(path, set()) | names_of(path)
        except (ImportError, AttributeError) as error:
            print(f"{path}: {error}", file=sys.stderr)
    for path in PACKAGES:
        known.setdefault(path, set())
    print("# Public names of the allowed modules, derived by benchmarks/validation_surface.py and reviewed.")
    print("# A module that is not here is not allowed; a name that is not here may not be touched.")
    print("[modules]")
    for path in sorted(known):
        text = textwrap.fill(" ".join(sorted(known[path])), 108, break_on_hyphens=False)
        print(f'"{path}" = """\n{text}"""')


if __name__ == "__main__":
    main()
