"""A test per rule: each program breaks the rule named beside it, at the line marked."""

from __future__ import annotations

import pytest

from windtunnel.validation import SecurityLevel, SecurityValidator
from windtunnel.validation.policy import policy_for

PROGRAMS = {
    "input.nul": "x = 1\0",
    "input.empty": " \n\t\n",
    "input.no_statement": "# nothing yet\n",
    "input.encoding": "# -*- coding: utf-7 -*-\nx = 1",
    "input.bom": "\ufeffx = 1",
    "input.bidi": "x = 1  # \u202e",
    "input.invisible": "x = 1  # \u200b",
    "input.identifier_changes": "\uff45val('1')",
    "input.homoglyph": "d\u0435f_x = 1",
    "input.syntax": "def f(:",
    "input.too_large": "x = 1\n" * 200_000,
    "input.too_deep": "x = " + "(" * 200 + ")" * 200,
    "input.line": "x = '" + "a" * 30_000 + "'",
    "imports.dangerous": "import os",
    "imports.not_allowed": "import nobody_knows_this",
    "imports.not_public": "import numpy.ctypeslib",
    "imports.relative": "from . import x",
    "imports.reported": "import sys\nprint(sys.maxsize)",
    "imports.reexport": "from random import os",
    "builtins.execution": "f = eval",
    "builtins.files": "open('x')",
    "builtins.terminal": "input()",
    "builtins.namespace": "globals()['x']",
    "builtins.namespace_test": "'x' in globals()",
    "builtins.memory": "memoryview(bytearray(2))",
    "builtins.site": "license()",
    "builtins.listing": "dir()",
    "builtins.exit": "exit()",
    "builtins.indirect": "list(map(getattr, []))",
    "attributes.dunder": "print.__unheard_of__",
    "attributes.interpreter": "().__class__.__bases__",
    "attributes.frame": "(x for x in ()).gi_frame",
    "attributes.private": "import pandas as pd\npd.DataFrame()._mgr",
    "attributes.private_object": "data['x']._mgr",
    "attributes.module": "data['x'].os",
    "attributes.stream": "import logging\nlogging.StreamHandler().stream",
    "attributes.named": "import pandas as pd\npd.Series([1]).agg(['__globals__'])",
    "attributes.unknown_name": "getattr(data, params['x'])",
    "attributes.unknown_store": "class A:\n  def f(self, k):\n    setattr(self, k, 1)",
    "attributes.format_walk": "'{0.__class__}'.format(1)",
    "attributes.format_unknown": "''.join(chr(x) for x in params).format(1)",
    "library.file_write": "data['x'].to_csv('/srv/x.csv')",
    "library.artifact": "import matplotlib.pyplot as plt\nplt.savefig('x.png')",
    "library.scratch_file": "import numpy as np\nnp.save('/tmp/x', [1])",
    "library.file_read": "import pandas as pd\npd.read_csv('/etc/passwd')",
    "library.dataset_name": "import pandas as pd\npd.read_csv('data.csv')",
    "library.dataset_path": "import pandas as pd\npd.read_csv(f'/data/{params}.csv')",
    "library.network": "import pandas as pd\npd.read_csv('http://x')",
    "library.clipboard": "data['x'].to_clipboard()",
    "library.database": "data['x'].to_sql('t', 'sqlite://')",
    "library.pickle": "data['x'].to_pickle('x')",
    "library.memory_unsafe": "from numpy.lib.stride_tricks import as_strided",
    "library.process": "data['x'].popen('id')",
    "library.backend": "import matplotlib\nmatplotlib.use('module://x')",
    "library.expression": "data['x'].query('@x.y()')",
    "library.expression_unknown": "data['x'].query(params['q'])",
    "library.named_method": "data['x'].agg('to_csv')",
    "library.unknown_method": "data['x'].agg(''.join(chr(x) for x in params))",
    "library.not_numeric": "import numpy as np\nnp.get_include()",
    "library.path_argument": "import logging\nlogging.basicConfig(filename='x')",
    "library.unknown_conversion": "data['x'].to_something_new(3)",
    "structure.patch": "import math\nmath.pi = 3",
    "structure.extend": "import pandas as pd\npd.DataFrame.mine = 3",
    "structure.dunder_store": "class A: ...\nA.__len__ = lambda self: 1",
    "structure.metaclass": "class M(type): ...\nclass A(metaclass=M): ...",
    "structure.dynamic_class": "type('A', (), {})",
    "structure.lying_subclass": "class S(str):\n  def __eq__(self, o): return True",
    "structure.hook": "class A:\n  def __getattribute__(self, n): return 1",
    "structure.dunder": "class A:\n  def __array_interface__(self): return {}",
    "structure.type_call": "type(data['x'])('y')",
    "structure.annotation": "def f(x: 'print(1)'): ...",
    "dataflow.use": "run = [eval]\n\nf = run[0]\nf('1')",
    "dataflow.escape": "import numpy as np\ndata.add(np)",
    "resources.endless_loop": "while True: pass",
    "resources.huge_range": "for i in range(10**12): pass",
    "resources.huge_number": "x = 9**9**9",
    "resources.huge_allocation": "import numpy as np\nnp.zeros((10**6, 10**6))",
    "resources.regex": "import re\nre.compile('(a+)+$')",
    "resources.recursion": "def f(x):\n  return f(x)\nf(1)",
    "lookahead.negative_shift": "data['x'].shift(-1)",
    "lookahead.centred_window": "data['x'].rolling(3, center=True)",
    "lookahead.next_bar": "for i in range(3): print(data['x'].iloc[i + 1])",
    "lookahead.whole_series": "c = data['x']\nz = (c - c.mean()) / c.std()",
    "lookahead.late_label": "data['x'].resample('W').last()",
    "repeat.unseeded": "import numpy as np\nnp.random.default_rng()",
    "repeat.clock": "import time\nx = time.time()",
    "resources.processes": "from sklearn.ensemble import RandomForestRegressor\nRandomForestRegressor(n_jobs=-1)",
    "lookahead.backfill": "data['x'].bfill()",
}
ELSEWHERE = {
    "input.language": "test_input.py",
    "input.analyser": "a fault of ours: the fuzz test looks for it",
    "dataflow.too_deep": "test_input.py",
}


@pytest.mark.parametrize("rule", sorted(PROGRAMS))
def test_rule_is_found(rule: str) -> None:
    verdict = SecurityValidator().validate_code(PROGRAMS[rule])
    assert rule in {issue.rule for issue in verdict.issues}
    policy = policy_for("python")
    found = next(issue for issue in verdict.issues if issue.rule == rule)
    assert found.fix
    assert found.category == policy.rules[rule].category
    assert found.line <= PROGRAMS[rule].count("\n") + 1


def test_every_rule_of_the_policy_has_a_test() -> None:
    policy = policy_for("python")
    assert set(policy.rules) == set(PROGRAMS) | set(ELSEWHERE)


@pytest.mark.parametrize("rule", sorted(PROGRAMS))
def test_verdict_follows_the_worst_finding(rule: str) -> None:
    strict = SecurityValidator().validate_code(PROGRAMS[rule])
    worst = max((issue.severity for issue in strict.issues), default=SecurityLevel.SAFE)
    assert strict.security_level == worst
    assert strict.safe == (worst < SecurityLevel.HIGH)
    assert (strict.score < 50) == (not strict.safe)


DANGEROUS = {
    "imports": "os subprocess socket urllib requests shutil pathlib glob pickle shelve multiprocessing threading",
    "functions": "eval exec compile __import__ open input",
    "attributes": "__dict__ __class__ __bases__ __subclasses__ __code__ __globals__",
    "methods": "system popen spawn",
}


@pytest.mark.parametrize(
    "program",
    [f"import {name}" for name in DANGEROUS["imports"].split()]
    + [f"from {name} import x" for name in DANGEROUS["imports"].split()]
    + [f"{name}('x')" for name in DANGEROUS["functions"].split()]
    + [f"f = [{name}]" for name in DANGEROUS["functions"].split()]
    + [f"data.{name}" for name in DANGEROUS["attributes"].split()]
    + [f"getattr(data, '{name}')" for name in DANGEROUS["attributes"].split()]
    + [f"data.{name}('x')" for name in DANGEROUS["methods"].split()],
)
def test_the_dangerous_list_is_rejected(program: str) -> None:
    assert not SecurityValidator().validate_code(program).safe


def test_loose_mode_rejects_critical_only() -> None:
    loose = SecurityValidator(strict_mode=False)
    assert loose.validate_code("import nobody_knows_this").safe
    assert not loose.validate_code("import os").safe


def test_one_hostile_line_among_many_fails() -> None:
    honest = "\n".join(f"x{i} = data['sp500']['Close'].rolling({i + 2}).mean()" for i in range(40))
    verdict = SecurityValidator().validate_code(honest + "\nimport os\n")
    assert not verdict.safe
    assert verdict.score <= 10


def test_code_that_is_never_reached_weighs_less() -> None:
    rule = "resources.endless_loop"
    programs = [
        "while True: pass",
        "if False:\n  while True: pass",
        "def f():\n  return 1\n  while True: pass\nf()",
    ]
    found = [
        next(issue for issue in SecurityValidator().validate_code(text).issues if issue.rule == rule)
        for text in programs
    ]
    assert [issue.severity for issue in found] == [SecurityLevel.MEDIUM, SecurityLevel.LOW, SecurityLevel.LOW]
    assert "never reached" in found[1].message


IMPORTS = "import dataclasses\nimport datetime\nimport logging\nimport time\nimport numpy as np\nimport pandas as pd\n"


@pytest.mark.parametrize(
    "call",
    [
        "pd.Timestamp('today')",
        "pd.to_datetime(['now'])",
        "pd.date_range(end='today', periods=3)",
        "pd.Period.now('D')",
        "np.datetime64('now')",
        "time.perf_counter()",
        "time.ctime()",
        "time.strftime('%H:%M')",
        "time.localtime(None)",
        "sorted([1], key=time.time)",
        "dataclasses.field(default_factory=datetime.datetime.now)",
        "logging.basicConfig(format='%(asctime)s %(message)s')",
    ],
)
def test_each_way_to_read_the_clock_is_told(call: str) -> None:
    assert [issue.rule for issue in SecurityValidator().validate_code(IMPORTS + call).issues] == ["repeat.clock"]


@pytest.mark.parametrize(
    "call",
    [
        "pd.Timestamp('2020-01-01')",
        "np.datetime64('2020-01-01')",
        "time.ctime(0)",
        "time.strftime('%H:%M', time.gmtime(0))",
        "time.strftime(*pair)",
        "logging.basicConfig(format='%(message)s')",
    ],
)
def test_a_given_time_is_not_the_clock(call: str) -> None:
    assert SecurityValidator().validate_code(f"{IMPORTS}pair = params['pair']\n{call}").issues == ()


@pytest.mark.parametrize(
    "draw",
    [
        "import uuid\nuuid.uuid4()",
        "import secrets\nsecrets.token_hex()",
        "import random\nrandom.seed()",
        "import numpy as np\nnp.random.seed(None)",
        "import numpy as np\nnp.random.default_rng(seed=None)",
        "import polars as pl\npl.DataFrame({'a': [1, 2]}).sample(1)",
        "import polars as pl\npl.Series([1, 2]).shuffle()",
    ],
)
def test_what_no_seed_makes_the_same_is_told(draw: str) -> None:
    assert [issue.rule for issue in SecurityValidator().validate_code(draw).issues] == ["repeat.unseeded"]


@pytest.mark.parametrize("seeded", ["pl.Series([1, 2]).sample(1, seed=7)", "pl.Series([1, 2]).shuffle(7)"])
def test_what_is_given_a_seed_can_be_repeated(seeded: str) -> None:
    assert SecurityValidator().validate_code(f"import polars as pl\n{seeded}").issues == ()
