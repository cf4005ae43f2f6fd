"""The analysis does not believe what a program could have swapped: generated swaps never reach a sink."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windtunnel.validation import SecurityValidator

HEAD = "import pandas as pd\ndf = pd.DataFrame(data['x'])\ndef f(): pass\n"
SWAPS = {
    "decorator": """
def swap(g): return lambda *a: {evil}
@swap
def get(): return {good}
""",
    "decorator factory": """
def swap(v):
    def made(g): return lambda: v
    return made
@swap({evil})
def get(): return {good}
""",
    "class decorator": """
def swap(c):
    class B: name = {evil}
    return B
@swap
class A: name = {good}
def get(): return A.name
""",
    "metaclass": """
class M(type):
    def __new__(m, n, b, d): return super().__new__(m, n, b, {{**d, 'name': {evil}}})
class A(metaclass=M): name = {good}
def get(): return A.name
""",
    "hook": """
class A: name = {good}
class B:
    def __getattr__(self, n): return {evil}
def get(): return (B() if data else A()).name
""",
    "namespace": """
import argparse
class A: name = {good}
a = A()
p = argparse.ArgumentParser()
p.add_argument('--name')
p.parse_args(['--name', {evil}], namespace=a)
def get(): return a.name
""",
    "set_params": """
from sklearn.base import BaseEstimator
class A(BaseEstimator):
    def __init__(self, name={good}): self.name = name
a = A()
a.set_params(name={evil})
def get(): return a.name
""",
    "dispatch": """
from functools import singledispatch
@singledispatch
def get(x=1): return {good}
@get.register(int)
def _(x=1): return {evil}
""",
    "setattr": """
class A: name = {good}
a = A()
setattr(a, 'na' + params['x'], {evil})
def get(): return a.name
""",
    "table": """
class A: name = {good}
a = A()
vars(a).update(name={evil})
def get(): return a.name
""",
    "exception": """
def get():
    try: raise ValueError({evil})
    except ValueError as e: return e.args[0]
""",
    "context": """
class C:
    def __enter__(self): return {evil}
    def __exit__(self, *a): pass
def get():
    with C() as name: return name
""",
    "generator": """
def made(): yield {evil}
def get(): return next(made())
""",
    "iterator": """
class L(list):
    def __iter__(self): return iter([{evil}])
def get():
    for name in L([{good}]): return name
""",
    "items": """
class D(dict):
    def __getitem__(self, k): return {evil}
d = D(a={good})
def get(): return d['a']
""",
    "call": """
class C:
    def __call__(self): return {evil}
get = C()
""",
    "callback": """
seen = []
def take(x): seen.append(x)
list(map(take, [{evil}]))
def get(): return seen[0]
""",
    "enumeration": """
from enum import Enum
class E(Enum):
    A = {good}
    def __new__(cls, v):
        o = object.__new__(cls)
        o._value_ = {evil}
        return o
def get(): return E.A.value
""",
    "library": """
import json
def get(): return json.loads('"' + {evil} + '"')
""",
    "column": """
t = pd.DataFrame({{{evil}: [1]}})
def get(): return t.columns[0]
""",
}
SINKS = {
    "attribute": ("print(getattr(f, get()))", "__globals__"),
    "method": ("df.agg(get())", "to_clipboard"),
    "template": ("print(get().format(f))", "{0.__globals__}"),
    "expression": ("df.query(get())", "@pd.io.common.os.system(0)"),
}


@st.composite
def hidden(draw: st.DrawFn, text: str) -> str:
    """Give an expression that makes a text so that it has to be computed to be known."""
    at = draw(st.integers(1, len(text) - 1))
    codes = [ord(letter) for letter in text]
    return draw(
        st.sampled_from(
            [
                f"''.join([{text[:at]!r}, {text[at:]!r}])",
                f"({text[:at]!r} + {text[at:]!r})",
                f"{text[::-1]!r}[::-1]",
                f"''.join(map(chr, {codes}))",
                f"bytes({codes}).decode()",
                f"{text[:at]!r} + str(*[{text[at:]!r}])",
            ]
        )
    )


@pytest.mark.parametrize("swap", sorted(SWAPS))
@pytest.mark.parametrize("sink", sorted(SINKS))
def test_a_swapped_value_reaches_no_sink(swap: str, sink: str) -> None:
    use, text = SINKS[sink]

    @settings(max_examples=6, deadline=None, database=None, derandomize=True)
    @given(hidden(text))
    def check(evil: str) -> None:
        program = HEAD + SWAPS[swap].format(evil=evil, good="'mean'") + use
        assert not SecurityValidator().validate_code(program).safe, program

    check()


@pytest.mark.parametrize(
    "taken",
    ["list(s)[:24:2]", "reversed(s)", "([s[0], s[2]] * 5000)[:2]", "s.upper()", "[s[0], s[2]][n:]"],
)
def test_a_text_put_together_of_another_ones_characters_is_no_known_template(taken: str) -> None:
    text = "".join(f"{letter}x" for letter in "{0.__self__}") + "x" * 5000
    program = f"s = {text!r}\nprint(''.join({taken}).format(len))\n"
    assert not SecurityValidator().validate_code(program).safe
