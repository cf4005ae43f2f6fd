"""Rules about attributes: what may be read of which receiver, and what that gives.

A name is judged on any receiver first (dunders, frames, re-exported modules, input and output), then by what
is known of the receiver. The program's own objects may have whatever the program gives them.
"""

from __future__ import annotations

import ast
import re

from windtunnel.validation.python.evaluation import ownership
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.rules import descriptors, imports, path_objects, templates
from windtunnel.validation.python.rules.paths import ARTIFACT
from windtunnel.validation.python.values.lattice import (
    OPAQUE,
    PUT_IN,
    UNKNOWN,
    Bag,
    Builtin,
    Class,
    Const,
    Danger,
    File,
    Foreign,
    Func,
    Inst,
    Lib,
    Many,
    Method,
    Module,
    Text,
    Unknown,
    Value,
    each,
    join,
)

_LENT = ("os.", "pathlib.")
_MANGLED = re.compile(r"_([A-Za-z]\w*?)(__\w+)")
_AMBIGUOUS = frozenset(
    """dump dumps save load kill touch system environ argv spawn fork execute unlink wget mkdir exec_command
    putenv
    ticker load_model save_model read_text write_text popen check_output mro find_spec glob inspect gc""".split()
)
_HIDDEN = frozenset({"module", "globals", "frame", "code", "loader", "builtins", "getframe", "import"})
_KEPT_TABLES = frozenset({"__annotations__", "__dataclass_fields__"})


def attribute(analysis: Analysis, node: ast.Attribute) -> Value:
    """Evaluate `x.name` that is read and not called at once."""
    inner = node.value
    if node.attr in ("__name__", "__qualname__", "__doc__") and isinstance(inner, ast.Attribute):
        if inner.attr == "__class__":
            analysis.value(inner.value)
            return PUT_IN
    receiver = analysis.value(inner)
    if node.attr in ("format", "format_map"):
        templates.judge_format(analysis, node, receiver)
    return read(analysis, receiver, node.attr, node, called=False)


def judge(analysis: Analysis, receiver: Value, name: str, node: ast.AST, *, called: bool) -> bool:
    """Report what reading `name` of a receiver breaks. True if something was reported."""
    if _is_stream(receiver):
        if name not in _STREAM_METHODS:
            analysis.report("attributes.stream", node, f".{name} of a stream of the interpreter or of a file.")
        return name not in _STREAM_METHODS
    if name in analysis.tables.streams and _judge_stream(analysis, receiver, name, node):
        return True
    if name in _KEPT_TABLES and node not in analysis.program.readonly:
        analysis.report("structure.annotation", node, f".{name} may be changed here, and is code for other functions.")
        return True
    rule = analysis.tables.judge_name(name)
    if not rule or (called and rule == "judged"):
        return False
    if rule == "attributes.private":
        return _judge_private(analysis, receiver, name, node)
    if rule.startswith("attributes."):
        return _judge_inside(analysis, receiver, name, node, called=called)
    return _judge_input(analysis, receiver, name, node, called=called)


def _judge_input(analysis: Analysis, receiver: Value, name: str, node: ast.AST, *, called: bool) -> bool:
    """Judge a name that says input, output or evaluation."""
    rule = analysis.tables.judge_name(name)
    if name in analysis.program.attributes and ownership.is_own(analysis, receiver, name):
        return False
    may_be_own = ownership.may_be_own(analysis, receiver, name)
    if rule == "judged":
        expression = name in analysis.tables.expressions
        if expression and (may_be_own or isinstance(receiver, Unknown)):
            return False
        said = f".{name} is read without being called."
        analysis.report("library.expression" if expression else "library.file_write", node, said)
        return True
    if rule.startswith("structural."):
        # open_… is a column or a field, unless it is called with a path; that and to_… are judged with the call
        if may_be_own or name.startswith("open_") or (called and name.startswith("to_")):
            return False
        write = rule == "structural.write"
        said = f"By its name, .{name} {'writes' if write else 'reads'} files; nothing known converts under it."
        analysis.report("library.file_write" if write else "library.file_read", node, said)
        return True
    if name in _AMBIGUOUS and (may_be_own or not called):
        return False
    said = f".{name} {_SAID.get(rule, 'is not part of the numeric surface')}."
    analysis.report(rule, node, said, fix=_DRAWN if name in ("to_image", "write_image") else None)
    return True


_DRAWN = (
    "plotly draws images with a browser, which the sandbox lacks: use fig.show() or fig.write_html('chart.html'), "
    "whose pages come back with the report, or draw with matplotlib."
)
_SAID = {
    "library.file_write": "writes files",
    "library.file_read": "reads files",
    "library.network": "uses the network",
    "library.clipboard": "uses the clipboard",
    "library.database": "talks to a database",
    "library.pickle": "pickles or unpickles",
    "library.memory_unsafe": "reaches raw memory",
    "library.process": "reaches the operating system",
    "library.backend": "loads a back end by name",
}


def _is_stream(receiver: Value) -> bool:
    return any(isinstance(one, Lib | Foreign) and one.path in _STREAMS for one in each(receiver))


_STREAMS = frozenset({"sys.stdout", "sys.stderr", ARTIFACT})
_STREAM_METHODS = frozenset(
    "write writelines flush close isatty encoding reconfigure seek tell read readline readlines closed name".split()
)


def _judge_stream(analysis: Analysis, receiver: Value, name: str, node: ast.AST) -> bool:
    """Judge reading the file, stream or archive inside an object of a library."""
    for one in each(receiver):
        if isinstance(one, Lib | Foreign):
            if one.path.startswith("sandbox."):
                continue
        elif (
            not isinstance(one, Unknown)
            or name in analysis.program.attributes
            or name in ("raw", "stream", "zip", "handle")
        ):
            continue
        analysis.report("attributes.stream", node, f".{name} is the file or stream inside a library's object.")
        return True
    return False


def _judge_private(analysis: Analysis, receiver: Value, name: str, node: ast.AST) -> bool:
    if ownership.is_own(analysis, receiver, name):
        return False
    mangled = _MANGLED.fullmatch(name)
    if mangled is not None and any(one.lstrip("_") == mangled[1] for one in analysis.classes):
        return False
    if mangled is None and ownership.may_be_own(analysis, receiver, name):
        return False
    kinds = {type(one) for one in each(receiver)}
    if Danger in kinds:
        return False
    plain = mangled is None and not name.startswith("__") and name.strip("_") not in _HIDDEN | analysis.tables.own
    if plain and kinds <= {Inst, Class}:
        return False
    rule = "attributes.private_object" if plain and kinds <= {Unknown, Inst, Class} else "attributes.private"
    analysis.report(rule, node, f".{name} is private to its object.")
    return rule == "attributes.private"


def _judge_inside(analysis: Analysis, receiver: Value, name: str, node: ast.AST, *, called: bool) -> bool:
    """Judge a name that leads to modules, frames or the inside of the interpreter."""
    rule = analysis.tables.judge_name(name)
    own = ownership.is_own(analysis, receiver, name)
    if rule == "attributes.module":
        if (own and name in analysis.program.attributes) or (name in _AMBIGUOUS and not called):
            return False
        analysis.report(rule, node, f".{name} is the name of a module that a library may re-export.")
    elif name in _KIN and _is_own_class(analysis, receiver):
        return False
    elif rule == "attributes.frame":
        if (own and name in analysis.program.attributes) or (
            name in _AMBIGUOUS and ownership.may_be_own(analysis, receiver, name)
        ):
            return False
        analysis.report(rule, node, f".{name} leads to frames, code objects, tracebacks or loaders.")
    elif name == "__dict__" and all(map(ownership.is_namespace, each(receiver))):
        return False
    elif name == "__dict__" and own and node in analysis.program.readonly:
        analysis.report("builtins.namespace_test", node, "The object's own table of attributes is looked at.")
        return False
    elif name == "__cause__" and all(isinstance(one, Unknown) for one in each(receiver)):
        return False  # another exception: what is read of it is judged by its name
    elif name == "__dict__" and _is_filled(analysis, receiver, node):
        analysis.report("attributes.unknown_store", node, "Sets attributes by names that are not known here.")
        return False
    elif name == "__class__" and called and all(isinstance(one, Inst) for one in each(receiver)):
        return False
    elif name in analysis.tables.soft_dunders or (name == "__dict__" and own):
        analysis.report("attributes.dunder", node, f".{name} belongs to the interpreter.")
    else:
        analysis.report(rule, node, f".{name} leads to the inside of the interpreter.")
    return True


_KIN = frozenset({"__mro__", "__bases__", "__base__", "__subclasses__", "mro"})
"""What gives the classes around a class."""


def _is_own_class(analysis: Analysis, receiver: Value) -> bool:
    """Recognise a class of the program that inherits from nothing else: the classes around it are its own too."""
    return all(isinstance(one, Class) for one in each(receiver)) and ownership.only_own(analysis, receiver)


def _is_filled(analysis: Analysis, receiver: Value, node: ast.AST) -> bool:
    """Recognise the table of an object of the program that may be changed, which `setattr` in a loop could do too."""
    if isinstance(node, ast.Attribute) and descriptors.is_own_given(analysis, node.value):
        return True
    objects = all(isinstance(one, Inst) for one in each(receiver))
    return objects and node in analysis.program.filling and ownership.only_own(analysis, receiver)


def read(analysis: Analysis, receiver: Value, name: str, node: ast.AST, *, called: bool) -> Value:
    """Judge and evaluate reading `name` of a receiver."""
    if isinstance(receiver, Module):
        return imports.member(analysis, receiver.path, name, node)
    if isinstance(receiver, Danger):
        return receiver
    if any(isinstance(one, File) for one in each(receiver)):
        files = [one for one in each(receiver) if isinstance(one, File)]
        rest = [one for one in each(receiver) if not isinstance(one, File)]
        found = [path_objects.attribute(analysis, one, name, node, called=called) for one in files]
        return join([*found, read(analysis, join(rest), name, node, called=called)] if rest else found)
    if isinstance(receiver, Lib) and receiver.path.startswith(_LENT):
        if called and name == "cwd" and receiver.path in path_objects.CLASSES:
            return Method(File(Const("")), "absolute")
        analysis.report("library.file_read", node, f"{receiver.path}.{name} is not for strategies.")
        return Danger(name, getattr(node, "lineno", 0))
    if isinstance(receiver, Many):
        modules = [one for one in each(receiver) if isinstance(one, Module)]
        if modules:
            rest = [one for one in each(receiver) if not isinstance(one, Module)]
            found = [imports.member(analysis, one.path, name, node) for one in modules]
            if any(one is not UNKNOWN and not isinstance(one, Const) for one in rest):
                found.append(read(analysis, join(rest), name, node, called=called))
            return join(found)
    if judge(analysis, receiver, name, node, called=called):
        return Danger(name, getattr(node, "lineno", 0))
    if name in analysis.tables.abbreviations and name not in analysis.program.attributes:
        if all(isinstance(one, Lib | Foreign | Unknown) for one in each(receiver)):
            found_module = analysis.modules.value(analysis.tables.abbreviations[name])
            analysis.report("imports.reexport", node, f".{name} is another module that a library keeps as its own.")
            return found_module
    if isinstance(receiver, Unknown) and name in _AMBIGUOUS and not called:
        return Foreign(f"unknown.{name}")
    if isinstance(receiver, Unknown) and name not in analysis.program.attributes:
        return receiver if name not in _NUMERIC else UNKNOWN
    return join([_evaluated(analysis, one, name) for one in each(receiver)])


def _evaluated(analysis: Analysis, receiver: Value, name: str) -> Value:
    if isinstance(receiver, Const | Text) and name in ("value", "_value_"):
        return receiver if not analysis.program.renamed else join([receiver, OPAQUE])  # a member of an enumeration
    if isinstance(receiver, Const | Text | Bag | Builtin | Func):
        return Method(receiver, name)
    if isinstance(receiver, Lib | Foreign):
        return Foreign(f"{receiver.path}.{name}") if len(receiver.path) < 200 else UNKNOWN
    if isinstance(receiver, Inst | Class):
        return analysis.member(name)
    if isinstance(receiver, Danger):
        return receiver
    rest = receiver if isinstance(receiver, Unknown) and name not in _NUMERIC else UNKNOWN
    if name in analysis.program.attributes:
        return join([analysis.member(name), rest])
    return rest


_NUMERIC = frozenset(
    """mean sum std var min max median count size shape ndim abs round cumsum cumprod prod diff quantile corr cov rank
    any all nunique iloc loc rolling ewm expanding pct_change shift fillna dropna astype to_numpy real imag
    date year month day hour minute weekday timestamp total_seconds days seconds bit_length""".split()
)
"""Attributes that no text has and whose results are no texts."""
