"""Derive from the sandbox's image what a strategy may import: `policies/python-image.toml` and `python-surface.toml`.

    python benchmarks/validation_surface.py [--image windtunnel/sandbox:python]

Run it after the image's libraries have changed. It runs itself in the image, without a network, and writes both files.
The first lists the distributions of the image with their top-level modules; a test compares it with the lock.
The second lists the public names of each allowed module: those that are neither modules nor, by a word of their name,
input or output. Names known from earlier versions stay. The result is reviewed like any other policy change.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import textwrap
import tomllib
import warnings
from pathlib import Path
from typing import Any

POLICIES = Path(__file__).parents[1] / "producer/windtunnel/validation/policies"

STANDARD = """abc argparse array ast base64 bisect calendar cmath collections collections.abc contextlib copy
csv dataclasses datetime decimal enum fractions functools graphlib hashlib heapq io itertools json logging
math
numbers operator pprint queue random re secrets statistics string struct textwrap time traceback types typing
unicodedata uuid warnings zoneinfo __future__ difflib locale json.decoder
contextvars html reprlib keyword zlib binascii hmac colorsys tomllib weakref
""".split()
THIRD = """numpy numpy.linalg numpy.random numpy.fft numpy.ma numpy.polynomial numpy.polynomial.polynomial
numpy.polynomial.chebyshev numpy.polynomial.legendre numpy.polynomial.hermite numpy.polynomial.laguerre
numpy.typing numpy.lib.stride_tricks numpy.lib.scimath numpy.char numpy.strings numpy.rec numpy.dtypes
numpy.exceptions numpy.testing numpy.emath numpy.lib.mixins numpy.polynomial.hermite_e
pandas pandas.api.types pandas.tseries.offsets pandas.tseries.holiday pandas.tseries.frequencies
pandas.api.indexers pandas.api.typing pandas.util pandas.errors pandas.plotting
pandas.api.extensions pandas.tseries.api pandas.testing
scipy scipy.stats scipy.optimize scipy.signal scipy.interpolate scipy.linalg scipy.special scipy.fft
scipy.fftpack scipy.integrate scipy.ndimage scipy.cluster.hierarchy scipy.cluster.vq scipy.spatial
scipy.spatial.distance scipy.sparse scipy.sparse.linalg scipy.sparse.csgraph scipy.stats.mstats
scipy.stats.qmc
scipy.stats.distributions scipy.stats.sampling scipy.spatial.transform
scipy.differentiate scipy.constants scipy.odr scipy.signal.windows scipy.stats.contingency
matplotlib matplotlib.pyplot matplotlib.dates matplotlib.ticker matplotlib.colors matplotlib.cm
matplotlib.gridspec matplotlib.patches matplotlib.lines matplotlib.style matplotlib.figure matplotlib.axes
matplotlib.collections matplotlib.legend matplotlib.transforms matplotlib.text mpl_toolkits.mplot3d
pyarrow pyarrow.compute pyarrow.types
mpl_toolkits.axes_grid1 mpl_toolkits.axes_grid1.inset_locator matplotlib.path matplotlib.markers matplotlib.colorbar
matplotlib.patheffects matplotlib.table matplotlib.offsetbox matplotlib.axis matplotlib.artist matplotlib.scale
matplotlib.container matplotlib.mlab matplotlib.spines matplotlib.tri matplotlib.units
""".split()
PACKAGES = """numpy.lib numpy.polynomial pandas.api pandas.tseries scipy.cluster mpl_toolkits""".split()
ONLY = {
    "array": "array typecodes",
    "ast": "literal_eval",
    "argparse": "ArgumentParser Namespace ArgumentDefaultsHelpFormatter RawDescriptionHelpFormatter HelpFormatter "
    "RawTextHelpFormatter MetavarTypeHelpFormatter ArgumentTypeError ArgumentError BooleanOptionalAction SUPPRESS "
    "REMAINDER OPTIONAL ZERO_OR_MORE ONE_OR_MORE",
    "hmac": "HMAC compare_digest digest new",
    "html": "escape unescape",
    "scipy.differentiate": "derivative hessian jacobian",
    "reprlib": "repr recursive_repr",
    "binascii": "hexlify unhexlify crc32 b2a_hex a2b_hex b2a_base64 a2b_base64 Error Incomplete",
    "zlib": "crc32 adler32 compress decompress error",
    "tomllib": "loads TOMLDecodeError",
    "weakref": "ref proxy WeakSet WeakKeyDictionary WeakValueDictionary ReferenceType",
    "numpy.typing": "ArrayLike DTypeLike NBitBase NDArray",
    "numpy.lib.mixins": "NDArrayOperatorsMixin",
    "pyarrow": "array chunked_array table Table Array ChunkedArray RecordBatch record_batch schema field Schema Field "
    "DataType scalar Scalar concat_tables concat_arrays null bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "float16 float32 float64 string utf8 large_string binary date32 date64 timestamp time32 time64 duration decimal128 "
    "list_ struct map_ dictionary nulls repeat ArrowInvalid ArrowTypeError ArrowKeyError unify_schemas "
    "StringArray DoubleArray Int64Array NA",
    "pandas.util": "hash_array hash_pandas_object",
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
    "numba": "cfunc gdb gdb_breakpoint gdb_init objmode ffi ffi_forced_object jit_module",
    "polars": "Catalog Config CredentialProvider CredentialProviderAWS CredentialProviderAzure CredentialProviderGCP "
    "GPUEngine ScanCastOptions PartitionBy BaseExtension Extension build_info delete_iceberg from_torch "
    "get_extension_type register_extension_type unregister_extension_type scan_arrow_c_stream scan_csv scan_delta "
    "scan_external_reader scan_iceberg scan_ipc scan_lance scan_lines scan_ndjson scan_pyarrow_dataset",
    "plotly.io": "defaults full_figure_for_development get_chrome to_image",
    "seaborn": "dogplot get_dataset_names",
    "tqdm": "TMonitor main tgrange tnrange tqdm_gui",
    "arch": "doc",
    "lightgbm": "DaskLGBMClassifier DaskLGBMRanker DaskLGBMRegressor create_tree_digraph plot_tree",
    "xgboost": "RabitTracker ExtMemQuantileDMatrix to_graphviz plot_tree build_info",
    "xgboost.callback": "TrainingCheckPoint CallbackContainer",
    "pandas_ta_classic": "AnalysisIndicators Imports av yf tal_ma bind create_dir get_context cpu_count",
    "collections": "",
    "csv": "",
    "dataclasses": "make_dataclass",
    "difflib": "",
    "functools": "",
    "numpy": "DataSource ctypeslib deprecate deprecate_with_doc disp fromregex get_include info lookfor "
    "memmap may_share_memory safe_eval set_string_function show_config show_runtime source test who "
    "byte_bounds add_docstring add_newdoc add_newdoc_ufunc compat seterrcall getbufsize setbufsize "
    "tracemalloc_domain use_hugepage nested_iters",
    "pandas.api.typing": "JsonReader StataReader",
    "pandas": "test show_versions HDFStore ExcelFile ExcelWriter",
    "pandas.plotting": "",
    "scipy": "LowLevelCallable test show_config",
    "scipy.sparse": "",
    "scipy.stats": "test",
    "pyarrow.compute": "TakeOptions call_function call_tabular_function get_function function_registry list_functions "
    "register_scalar_function register_aggregate_function register_tabular_function register_vector_function",
    "matplotlib.mlab": "GaussianKDE",
    "string": "Formatter",
    "typing": "get_type_hints ForwardRef",
    "logging": "FileHandler captureWarnings shutdown currentframe getLogRecordFactory setLogRecordFactory "
    "Handler StreamHandler",
    "operator": "",
    "matplotlib.pyplot": "switch_backend install_repl_displayhook uninstall_repl_displayhook "
    "get_plot_commands pause ginput waitforbuttonpress set_loglevel imread imsave savefig",
    "calendar": "",
    "copy": "",
    "contextlib": "chdir",
    "enum": "global_enum global_enum_repr global_flag_repr global_str",
    "uuid": "getnode",
    "warnings": "formatwarning showwarning warn_explicit",
    "zoneinfo": "reset_tzpath TZPATH",
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


# Of what the image holds, what no strategy may import, with the reason in the policy ([imports.closed]).
CLOSED = """pylab tzdata cloudpickle joblib patsy PIL fontTools narwhals packaging threadpoolctl pyparsing contourpy
kiwisolver llvmlite jinja2 markupsafe osqp scs clarabel six"""
# Of these libraries only the modules that a strategy needs; of the others every public one.
CHOSEN = {
    "polars": "polars polars.selectors polars.exceptions",
    "plotly": "plotly plotly.graph_objects plotly.graph_objs plotly.express plotly.subplots plotly.colors plotly.io "
    "plotly.figure_factory plotly.express.colors",
    "mplfinance": "mplfinance",
    "seaborn": "seaborn",
    "tqdm": "tqdm tqdm.auto tqdm.std",
    "tabulate": "tabulate",
    "arch": "arch arch.univariate arch.unitroot arch.unitroot.cointegration arch.bootstrap arch.covariance.kernel",
    "talib": "talib talib.abstract talib.stream",
    "pandas_ta_classic": "pandas_ta_classic",
    "hmmlearn": "hmmlearn hmmlearn.hmm hmmlearn.vhmm",
    "lightgbm": "lightgbm",
    "xgboost": "xgboost xgboost.callback",
    "numba": "numba numba.types numba.experimental",
    "cvxpy": "cvxpy",
}
# Libraries that are known by a further name.
ALSO = {"pandas_ta_classic": "pandas_ta"}
# Its own list of names leaves out the indicators.
WITHOUT_LIST = {"pandas_ta_classic"}
LISTED = {"pyarrow", "numpy", "pandas", "scipy", "matplotlib", "mpl_toolkits"}
SKIPPED = re.compile(
    r"\.(_\w+|tests?|testing|conftest|setup|externals|datasets|sandbox|compat|iolib|x13|docs?|docstring\w*|examples|"
    r"print_version|web|parallel|discovery|fixes|deprecation|decorators|wrapper|scripts|zoneinfo|reference|lazy|"
    r"exceptions|metaestimators|metadata_routing|foreign|utils\._\w+|tools|shared|formulatools|estimator_checks|callback|"
    r"tzfile|tzinfo|tz\.tz|dateutil\.utils|try_mlecov|vector_ar\.util|isoparser)(\.|$)"
)
WANTED = {
    "statsmodels.tools": "add_constant categorical",
    "statsmodels.tools.tools": "add_constant categorical pinv_extended rank fullrank unsqueeze isestimable recipr",
    "statsmodels.tools.eval_measures": "",
    "statsmodels.tools.sm_exceptions": "",
    "statsmodels.tools.numdiff": "",
    "statsmodels.tools.grouputils": "",
    "statsmodels.tools.rng_qrng": "",
    "statsmodels.iolib.summary2": "summary_col",
    "sklearn.exceptions": "",
    "sklearn.datasets": "load_iris load_wine load_diabetes load_breast_cancer load_digits load_linnerud "
    "make_regression make_classification make_blobs make_moons make_circles make_s_curve make_friedman1 make_friedman2 "
    "make_spd_matrix make_low_rank_matrix make_sparse_uncorrelated",
    "dateutil.tz": "UTC gettz tzutc tzoffset resolve_imaginary datetime_exists datetime_ambiguous",
    "pytz": "UTC utc timezone all_timezones common_timezones country_timezones NonExistentTimeError "
    "AmbiguousTimeError UnknownTimeZoneError FixedOffset all_timezones_set common_timezones_set",
}
REFUSED = set(
    """safe_indexing show_versions get_data_home clear_data_home webdoc estimator_html_repr register_parallel_backend
    parallel_backend parallel_config available_if all_estimators clone_param murmurhash3_32 gen_batches_from
    interact_plot deprecated DataDimensionalityWarningTest handle_formula_data handle_data formula from_formula
    SASformat monkey_patch string_like bool_like test x13_arima_analysis
    x13_arima_select_order export_graphviz check_memory parse_lutkepohl_data cache_writable PytestTester""".split()
)


def _words(name: str) -> set[str]:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return {part.lower() for part in parts} | {name.lower()}


def image_modules() -> dict[str, dict[str, str]]:
    """Give the distributions that are installed: version and top-level modules."""
    modules: dict[str, set[str]] = {}
    for module, names in importlib.metadata.packages_distributions().items():
        for name in names:
            modules.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).add(module)
    return {
        name: {
            "version": importlib.metadata.version(name),
            "modules": " ".join(sorted(_importable(found))),
        }
        for name, found in sorted(modules.items())
        if name not in ("pip", "setuptools", "wheel")
    }


def _importable(modules: set[str]) -> set[str]:
    named = {one for one in modules if one.isidentifier() and not one.startswith("_")}
    public = {one for one in named if importlib.util.find_spec(one) is not None}
    return public | {ALSO[one] for one in public if one in ALSO}


def package_names(root: str, io: set[str], aliases: dict[str, str]) -> dict[str, set[str]]:
    """Give the public names of all public modules of a library whose own list of names nobody wrote by hand.

    A module that another one offers under a name of its own is added to the aliases.
    """
    package = importlib.import_module(root)
    paths = CHOSEN.get(root, root).split()
    if root not in CHOSEN and hasattr(package, "__path__"):
        paths += [found.name for found in pkgutil.walk_packages(package.__path__, root + ".", lambda _: None)]
    found: dict[str, set[str]] = {}
    for path in paths:
        if path not in WANTED and root not in CHOSEN and SKIPPED.search(path):
            continue
        try:
            module = importlib.import_module(path)
        except BaseException as error:  # noqa: BLE001 - a module that cannot be loaded has no names
            print(f"{path}: {error!r}", file=sys.stderr)
            continue
        if WANTED.get(path):
            found[path] = {name for name in WANTED[path].split() if hasattr(module, name)}
            continue
        listed = None if root in WITHOUT_LIST else getattr(module, "__all__", None)
        names = {name for name in listed or dir(module) if isinstance(name, str)} - set(NOT.get(path, "").split())
        whole = hasattr(module, "__all__") or hasattr(module, "__path__")
        owner = root if whole else path
        for name in names if whole else ():
            inner = _member(module, name)
            own = inspect.ismodule(inner) and inner.__name__.startswith(root + ".") and not name.startswith("_")
            if own and inner.__name__ != f"{path}.{name}":
                aliases[f"{path}.{name}"] = inner.__name__
        found[path] = {name for name in names if _is_own(module, owner, name, io)}
    for alias in [one for one, path in aliases.items() if path.split(".")[0] == root and path not in found]:
        del aliases[alias]
    return {path: names for path, names in found.items() if names}


def _member(module: object, name: str) -> Any:
    """Give what a module has under a name; None where it would first have to import what is not there."""
    try:
        return getattr(module, name, None)
    except ImportError:
        return None


def _is_own(module: object, owner: str, name: str, io: set[str]) -> bool:
    """Say whether a name is public, of its owner's making, and by its words neither input nor output nor execution."""
    if name.startswith("_") or name in REFUSED or not _words(name).isdisjoint(io):
        return False
    value = _member(module, name)
    if value is None or inspect.ismodule(value):
        return False
    made = getattr(value, "__module__", None)
    if isinstance(made, str):
        return made == owner or made.startswith(owner + ".")
    return isinstance(value, int | float | str | tuple | list | dict)


def names_of(path: str) -> set[str]:
    """Public names of one module that are neither modules nor input or output."""
    module = importlib.import_module(path)
    if path in ONLY:
        return {name for name in ONLY[path].split() if hasattr(module, name)}
    public = getattr(module, "__all__", None) if path in STANDARD else None
    names = set(public if public is not None else dir(module))
    kept = set()
    for name in names:
        if path == "numpy.testing" and not name.startswith("assert_"):
            continue
        if name.startswith("_") or name in NOT.get(path, "").split():
            continue
        value = getattr(module, name, None)
        if inspect.ismodule(value):
            continue
        tests = path.startswith("scipy.stats") and name.endswith("test")
        if name not in KEEP and path not in STANDARD and not tests and IO.search(name):
            continue
        owner = (getattr(value, "__module__", None) or "").split(".")[0]
        if callable(value) and path in THIRD and owner in sys.stdlib_module_names - {"builtins"}:
            if owner not in {"math", "datetime", "functools", "_functools"}:
                continue
            if path != "pandas" or name not in {"datetime"}:
                continue
        kept.add(name)
    return kept


def inside() -> None:
    """Print what this interpreter has: in the image, the truth about it."""
    warnings.simplefilter("ignore")
    policy = tomllib.loads(Path("/policies/python.toml").read_text(encoding="utf-8"))
    io = set(policy["words"]["io"].split())
    known: dict[str, set[str]] = {}
    for path in STANDARD + THIRD:
        try:
            known[path] = names_of(path)
        except (ImportError, AttributeError) as error:
            print(f"{path}: {error}", file=sys.stderr)
    for path in PACKAGES:
        known.setdefault(path, set())
    distributions = image_modules()
    aliases: dict[str, str] = {}
    for module in sorted({one for entry in distributions.values() for one in entry["modules"].split()}):
        if module not in CLOSED.split() and module not in LISTED and module not in ALSO.values():
            known |= package_names(module, io, aliases)
    known |= {also: known[path] for path, also in ALSO.items() if path in known}
    surface = {path: sorted(known[path]) for path in known}
    json.dump({"distributions": distributions, "surface": surface, "aliases": aliases}, sys.stdout)


def write(found: dict[str, Any]) -> None:
    """Write both policy files; names known earlier stay."""
    surface = POLICIES / "python-surface.toml"
    known = {path: set(names.split()) for path, names in tomllib.loads(surface.read_text("utf-8"))["modules"].items()}
    for path, names in found["surface"].items():
        known[path] = (known.get(path, set()) | set(names)) - set(NOT.get(path, "").split())
    lines = [
        "# Public names of the allowed modules, derived by benchmarks/validation_surface.py and reviewed.",
        "# A module that is not here is not allowed; a name that is not here may not be touched.",
        "[modules]",
    ]
    for path in sorted(known):
        text = textwrap.fill(" ".join(sorted(known[path])), 108, break_on_hyphens=False)
        lines.append(f'"{path}" = """\n{text}"""')
    lines += ["", "# Modules that an allowed module offers under a name of its own.", "[aliases]"]
    lines += [f'"{alias}" = "{path}"' for alias, path in sorted(found["aliases"].items())]
    surface.write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = [
        "# What the sandbox's image holds, derived by benchmarks/validation_surface.py: distribution, modules.",
        "# Nothing else of other people's can be imported there, so that validation refuses the rest.",
        "[distributions]",
    ]
    for name, entry in found["distributions"].items():
        lines.append(f'{name} = {{ version = "{entry["version"]}", modules = "{entry["modules"]}" }}')
    (POLICIES / "python-image.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Run in the image and write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", default="windtunnel/sandbox:python")
    parser.add_argument("--inside", action="store_true", help="Print what this interpreter has instead.")
    options = parser.parse_args()
    if options.inside:
        inside()
        return
    mounts = ["-v", f"{Path(__file__).parent}:/benchmarks:ro", "-v", f"{POLICIES}:/policies:ro"]
    program = ["--entrypoint", "python3", options.image, "/benchmarks/validation_surface.py", "--inside"]
    command = ["docker", "run", "--rm", "--network", "none", *mounts, *program]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    write(json.loads(done.stdout))


if __name__ == "__main__":
    main()
