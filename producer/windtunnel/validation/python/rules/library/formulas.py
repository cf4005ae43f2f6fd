"""Rules about expressions in strings: `df.query("close > open")`, formulas of statsmodels.

The expression itself is judged: it may compute with columns, call known functions of mathematics and methods that
only compute, and read public attributes. It may not do anything that the program could not do in the open.
"""

from __future__ import annotations

import ast
import re
import warnings

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.values import texts
from windtunnel.validation.python.values.lattice import Const, Foreign, Func, Text, Value, each, has_built, strings

MOST_CHARACTERS = 2_000
MOST_BRACKETS = 40
_AT = "at_the_program_"
_QUOTED = re.compile(r"`[^`\n]*`")
_OUTER = re.compile(r"@\s*([A-Za-z_]\w*)")
_STRINGS = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_FUNCTIONS = frozenset(
    """C Q I T S Treatment Sum Diff Poly Helmert abs min max round floor ceil sqrt log log2 log10 log1p exp expm1 sin
    cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh poly center standardize scale bs cr
    cc te dmatrix_poly""".split()
)
"""What numexpr, pandas and patsy know of themselves, and builtins that only compute."""
_PLAIN = (
    ast.Module, ast.Expression, ast.Expr, ast.Assign, ast.Name, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.BoolOp,
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.Slice, ast.IfExp, ast.keyword, ast.expr_context, ast.boolop,
    ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


def judge_expression(analysis: Analysis, node: ast.AST, value: Value, how: str, *, sure: bool = True) -> None:
    """Judge a string that a library evaluates as an expression."""
    for one in each(value):
        if isinstance(one, Const):
            if isinstance(one.value, str):
                judge_text(analysis, node, one.value, how)
        elif isinstance(one, Text):
            if one.built or not one.known.strip("\x00 "):
                analysis.report("library.expression", node, f"{how} evaluates a string that cannot be read.")
            else:
                judge_text(analysis, node, one.known.replace("\x00", "0") if len(one.parts) > 1 else "0", how)
        elif isinstance(one, Foreign) and one.path.startswith("sandbox."):
            analysis.report("library.expression_unknown", node, f"{how} evaluates a string that was submitted.")
        else:
            rule = "library.expression" if sure or texts.may_be_text(one) else "library.expression_unknown"
            analysis.report(rule, node, f"{how} evaluates a string that is not known here.")
            return


def judge_text(analysis: Analysis, node: ast.AST, text: str, how: str) -> None:
    """Judge an expression that is known."""
    said = _problem(analysis, text)
    if said:
        analysis.report("library.expression", node, f"{how} evaluates a string with {said}.")


def _problem(analysis: Analysis, text: str) -> str:
    """Say what an expression does beside computing; '' for nothing."""
    if len(text) > MOST_CHARACTERS or text.count("(") + text.count("[") > MOST_BRACKETS:
        return "too much in it to be read"
    plain = _OUTER.sub(lambda found: _AT + found[1], _QUOTED.sub("column", text.strip()))
    for part in re.split(r"[~\n;]", plain) if "~" in _STRINGS.sub("", plain) or "\n" in plain else [plain]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = _parse(part.strip())
        except (SyntaxError, ValueError, MemoryError):
            return _unparsed(part)
        for one in ast.walk(tree) if tree is not None else ():
            said = _judge(analysis, one)
            if said:
                return said
    return ""


def _parse(text: str) -> ast.AST | None:
    """Parse an expression, an assignment, or a side of a formula."""
    if not text or text in ("0", "1", "."):
        return None
    try:
        return ast.parse(text)
    except SyntaxError:
        outside = _STRINGS.sub(lambda found: "'" + "x" * (len(found[0]) - 2) + "'", text)
        return ast.parse(re.sub(r"&&|\|\||[:|]", "*", outside.replace("!", " not ").lstrip("+-* ")))


def _unparsed(text: str) -> str:
    """Say what is wrong with a text that is not Python: it may be a value of another kind, with nothing called."""
    outside = _STRINGS.sub("", text)
    return "a call in it that cannot be read" if "(" in outside or "__" in outside or "@" in outside else ""


def _judge(analysis: Analysis, node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return _judge_call(analysis, node)
    if isinstance(node, ast.Attribute):
        if node.attr.startswith("_") or analysis.tables.judge_name(node.attr):
            return f".{node.attr} in it"
        root: ast.AST = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name):
            return _judge_root(analysis, node, root.id)
        return ""
    if isinstance(node, ast.Name) and node.id.removeprefix(_AT).startswith("__"):
        return f"{node.id.removeprefix(_AT)} in it"
    return "" if isinstance(node, _PLAIN) else f"a {type(node).__name__} in it"


def _judge_root(analysis: Analysis, node: ast.Attribute, name: str) -> str:
    """Judge an attribute of a name that the program may have bound to a module."""
    own = name.removeprefix(_AT)
    if own in ("np", "numpy") and isinstance(node.value, ast.Name):
        return "" if node.attr in analysis.tables.surface["numpy"] else f"numpy.{node.attr} in it"
    if own in analysis.program.sharing.modules:
        return f"the module {own} in it"
    return ""


def _judge_call(analysis: Analysis, node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Name):
        name = function.id.removeprefix(_AT)
        return "" if function.id in _FUNCTIONS or _is_own_function(analysis, node, name) else f"{name}(…) in it"
    if not isinstance(function, ast.Attribute):
        return "a call in it that cannot be read"
    if function.attr in analysis.tables.by_name or function.attr in analysis.tables.expressions:
        return f".{function.attr}(…) in it"
    root: ast.AST = function
    while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
        root = root.func if isinstance(root, ast.Call) else root.value
    if isinstance(root, ast.Name) and root.id.startswith(_AT):
        return f"@{root.id.removeprefix(_AT)}.…(…) in it"
    return ""


def _is_own_function(analysis: Analysis, node: ast.Call, name: str) -> bool:
    """Recognise a call of a plain function of the program with columns and numbers.

    Its body is judged where it stands, for arguments of which nothing is known: nothing else may call it. A name that
    the program binds itself might be a text, or another function where the formula is evaluated.
    """
    program = analysis.program
    bound = [scope for scope in program.scopes.values() if name in scope.bindings]
    if bound != [program.module] or program.calls.get(name) or node.keywords:
        return False
    plain = all(isinstance(one, ast.Name | ast.Constant | ast.expr_context) for one in _inside(node))
    names = {one.id.removeprefix(_AT) for one in _inside(node) if isinstance(one, ast.Name)}
    texts = any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in _inside(node))
    own = any(not names.isdisjoint(scope.bindings) for scope in program.scopes.values())
    return plain and not texts and not own and isinstance(analysis.variable(program.module, name), Func)


def _inside(node: ast.Call) -> list[ast.AST]:
    return [part for one in node.args for part in ast.walk(one)]


_LABELS = frozenset(
    """title xlabel ylabel label labels name names yname xname zname suptitle legend fname fmt format description alpha
    ytitle xtitle endog_name exog_names""".split()
)
"""Keywords of statsmodels that take a text which is only shown."""
_CODE = re.compile(r"[A-Za-z_\])][\w.]*\s*\(|__|\blambda\b|@")


def judge_formulas(analysis: Analysis, call: Call, path: str) -> None:
    """Judge every text given to statsmodels: it hands many of them to patsy, which evaluates them."""
    given = [*call.arguments, *(value for key, value in call.keywords.items() if key not in _LABELS)]
    for value in given:
        for text in strings(value):
            if _CODE.search(text):
                judge_text(analysis, call.node, text, path)
    named = [call.keywords[key] for key in call.keywords if "formula" in key or key in ("dep_data", "subset", "**")]
    if ".formula." in path or path.endswith(".MICE"):
        named += call.arguments[:1]
    for one in (one for value in named for one in each(value)):
        if isinstance(one, Text) and one.computed:
            judge_expression(analysis, call.node, one, path)
        elif not isinstance(one, Const) and (has_built(one) or texts.may_be_text(one)):
            analysis.report("library.expression", call.node, f"{path} evaluates a string that cannot be read.")
            return
