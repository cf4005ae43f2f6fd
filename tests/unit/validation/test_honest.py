"""Honest idioms by kind: what decides is what a text is used for, never the word itself."""

from __future__ import annotations

import pytest

from windtunnel.validation import SecurityLevel, SecurityValidator
from windtunnel.validation.policy import policy_for

HEAD = "import numpy as np\nimport pandas as pd\ndf = pd.DataFrame(data['x'])\n"
WORDS = "ticker system touch dump open save load kill fork spawn environ argv glob exec".split()
COLUMNS = """
df.groupby("{0}")["{0}"].sum(); df.set_index("{0}"); df.sort_values("{0}"); df.drop(columns=["{0}"])
df.rename(columns={{"{0}": "x", "y": "{0}"}}); df.pivot_table(index="{0}", columns="{0}", values="{0}", aggfunc="mean")
df.agg({{"{0}": "sum"}}); df.groupby("{0}").agg(total=("{0}", "sum"), n=pd.NamedAgg("{0}", "count"))
df["{0}"].map({{"a": "{0}"}}); df.filter(items=["{0}"]); df.melt(id_vars="{0}"); pd.crosstab(df["{0}"], df["{0}"])
df["{0}"] = 1; df.merge(df, on="{0}"); df.nlargest(2, "{0}"); df.resample("D", on="{0}").last()
"""


@pytest.mark.parametrize("word", WORDS)
def test_a_column_may_have_any_name(word: str) -> None:
    verdict = SecurityValidator().validate_code(HEAD + COLUMNS.format(word))
    assert verdict.safe, verdict.issues


GROWN = {
    "assigned": "{0} = {{}}\n{0}['v'] = 'sum'",
    "updated": "{0} = {{'c': 'last'}}\n{0}.update({{'v': 'sum'}})",
    "merged": "a = {{'c': 'last'}}\n{0} = {{**a, 'v': 'sum'}}",
    "joined": "{0} = {{'c': 'last'}} | {{'v': 'sum'}}",
    "appended": "{0} = []\nfor c in ('mean', 'std'):\n    {0}.append(c)",
    "made": "{0} = dict.fromkeys(['c', 'v'], 'last')",
    "zipped": "{0} = dict(zip(['c'], ['sum']), v='last')",
    "nested": "{0} = {{'c': ['last']}}\n{0}['c'].append('std')\n{0}.setdefault('v', []).append('sum')",
}


@pytest.mark.parametrize("name", ["agg", "how", "rules"])
@pytest.mark.parametrize("kind", sorted(GROWN))
def test_containers_that_grow_are_followed_whatever_they_are_called(kind: str, name: str) -> None:
    program = f"{HEAD}{GROWN[kind].format(name)}\ndf.resample('W').agg({name})"
    verdict = SecurityValidator().validate_code(program)
    assert verdict.safe, verdict.issues
    evil = (
        program.replace("'sum'", "'to_clipboard'").replace("'std'", "'to_clipboard'").replace("'last'", "'to_pickle'")
    )
    assert not SecurityValidator().validate_code(evil).safe


@pytest.mark.parametrize(
    "path",
    ["trades.csv", "out/trades.csv", "./trades.csv", "/tmp/artifacts/trades.csv"],
)
def test_artifacts_may_be_written(path: str) -> None:
    program = f"{HEAD}df.to_csv('{path}')\nwith open('{path}', 'w') as file:\n    file.write('x')\n"
    verdict = SecurityValidator().validate_code(program)
    assert verdict.security_level is SecurityLevel.SAFE, verdict.issues


@pytest.mark.parametrize(
    "path",
    ["/etc/x.csv", "../x.csv", "out/../../x.csv", "~/x.csv", "matplotlibrc", ".x.csv", "x.py", "x.mplstyle", "x", ""],
)
def test_nothing_else_may_be_written(path: str) -> None:
    for program in (f"df.to_csv('{path}')", f"open('{path}', 'w')", f"np.save('{path}', [1])"):
        assert not SecurityValidator().validate_code(HEAD + program).safe, program


def test_only_written_artifacts_may_be_read() -> None:
    written = "df.to_csv('a.csv')\nprint(pd.read_csv('a.csv'), open('a.csv').read())"
    assert SecurityValidator().validate_code(HEAD + written).safe
    for read in ("pd.read_json('a.json')", "open('a.json')", "np.load('a.npy')", "pd.read_excel('a.xlsx')"):
        assert not SecurityValidator().validate_code(HEAD + read).safe, read


@pytest.mark.parametrize("name", ["data.csv", "prices.csv", "AAPL.csv", "./data/x.csv", "data/spy.parquet", "x.txt"])
def test_names_that_are_answered_with_a_dataset_may_be_read(name: str) -> None:
    for read in (
        f"pd.read_csv('{name}', index_col=0, parse_dates=['Date'], usecols=['Date', 'Close'])",
        f"import csv\nwith open('{name}') as file: rows = list(csv.reader(file))",
        f"np.genfromtxt('{name}', delimiter=','); np.loadtxt(fname='{name}')",
        f"import polars as pl\npl.read_csv('{name}'); pl.scan_parquet('{name}')",
        f"from pathlib import Path\npd.read_csv(Path('data') / '{name}'); Path('{name}').read_text()",
        f"import os\nif os.path.exists('{name}'): df = pd.read_csv(os.path.join('data', '{name}'))",
        f"def load(symbol): return pd.read_csv(f'data/{{symbol}}_{name.rpartition('/')[2]}')\nload('a')",
    ):
        verdict = SecurityValidator().validate_code(HEAD + read)
        assert verdict.security_level is SecurityLevel.LOW, (read, verdict.issues)


@pytest.mark.parametrize(
    "name",
    ["/etc/x.csv", "../data.csv", "~/data.csv", "data/../../x.csv", ".x.csv", "http://x/y.csv", "C:\\x.csv", ".csv"],
)
def test_no_other_file_may_be_read(name: str) -> None:
    for read in (
        f"pd.read_csv({name!r})",
        f"open({name!r})",
        f"np.loadtxt({name!r})",
        f"from pathlib import Path\nPath({name!r}).read_text()",
        f"from pathlib import Path\npd.read_csv(Path({name!r}))",
        f"from pathlib import Path\n(Path('a') / {name!r}).open()",
        f"import os\nopen(os.path.join('a', {name!r}))",
        f"import os\nos.path.exists({name!r})",
    ):
        assert not SecurityValidator().validate_code(HEAD + read).safe, read


PLOT = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n"


def with_path(program: str) -> str:
    """The program with the import of `Path` that it lacks."""
    return program if program.startswith(("import ", "from ")) else f"from pathlib import Path\n{program}"


FOLDERS = [
    "import os\nos.makedirs('plots', exist_ok=True)\nfig.savefig('plots/a.png')",
    "import os\nos.makedirs(name='/tmp/artifacts/plots/deep')\ndf.to_csv('/tmp/artifacts/plots/deep/a.csv')",
    "import os\nOUT = 'out'\nif not os.path.exists(OUT):\n    os.mkdir(OUT)\nfig.savefig(os.path.join(OUT, 'a.png'))",
    "import os\nfor name in ('a', 'b'): df.to_csv(os.path.join('out', f'{name}.csv'))",
    "import os.path as osp\ndf.to_parquet(osp.join('out', 'x', 'a.parquet'))",
    "from os import makedirs, path\nmakedirs('out')\nfig.savefig(path.join('out', 'a.png'))",
    "from os.path import join, isdir\nif isdir('out'): fig.savefig(join('out', 'a.png'))",
    "import pathlib\npathlib.Path('plots').mkdir(parents=True, exist_ok=True)",
    "Path('out.csv').write_text('a,b')\nrows = Path('out.csv').read_text().strip().splitlines()\nprint(len(rows))",
    "OUT = Path('/tmp/artifacts') / 'plots'\nOUT.mkdir(exist_ok=True)\nfig.savefig(OUT / 'a.png')",
    "with (Path('out') / 'log.txt').open('w') as file: file.write('x')",
    "with open(Path('out', 'log.txt'), 'a') as file: file.write('x')",
    "p = Path('out/x.csv')\np.parent.mkdir(exist_ok=True)\ndf.to_csv(p.with_suffix('.tsv'), sep='\\t')",
    "for n in range(3): df.to_csv(Path('out') / f'part-{n}.csv')",
    "def save(frame, folder: Path): frame.to_csv(folder.joinpath('a.csv'))\nsave(df, Path('out'))",
    "class Store:\n    def __init__(self): self.out = Path('out')\n"
    "    def save(self): fig.savefig(self.out / 'a.png'); print(f'saved to {self.out}', str(self.out), self.out.name)\n"
    "Store().save()",
    "if not Path('plots').exists(): Path('plots').mkdir()\nnp.save(Path('plots') / 'x.npy', [1])",
]


@pytest.mark.parametrize("program", FOLDERS)
def test_folders_and_path_objects_beside_the_program_may_be_used(program: str) -> None:
    verdict = SecurityValidator().validate_code(HEAD + PLOT + with_path(program))
    assert verdict.security_level is SecurityLevel.SAFE, verdict.issues


BEYOND = [
    "import os\nos.makedirs('/etc/x')",
    "import os\nos.makedirs('../x')",
    "import os\nos.makedirs(params['x'])",
    "import os\nos.makedirs('x')\nos.remove('x')",
    "import os\nos.makedirs('x')\nprint(os.environ)",
    "import os\nos.makedirs('x')\nf = os",
    "import os\nos.makedirs('x')\nos.path.os.system('id')",
    "import os\nos.makedirs.__globals__",
    "import os\nos.makedirs('x')\np = os.path\np.expanduser('~')",
    "import os\nos.path.join('a', 'b')\ngetattr(os.path, 'os').system('id')",
    "import os\nmap(os.makedirs, ['/etc/x'])",
    "import os\nos.makedirs('x')\nprint(os.path.exists('/etc/passwd'))",
    "import os\nfor x in [os]: x.makedirs('a')",
    "import os as o\no.makedirs('x')\nclass C:\n    import os as q\nC.q.system('id')",
    "from os import *\nmakedirs('x')",
    "from os import makedirs, system\nmakedirs('x')\nsystem('id')",
    "from os import makedirs\nm = makedirs\nm('/etc/x')",
    "from os import path\npath.join('a', 'b')\npath.os.system('id')",
    "import os, sys\nos.makedirs('x')\nsys.modules['os'].system('id')",
    "Path('/etc/passwd').read_text()",
    "Path.home()",
    "P = Path\nP.cwd().open('x')",
    "Path('a').resolve().parent.parent",
    "list(Path('a').glob('*'))",
    "Path('a.csv').unlink()",
    "Path('a.py').write_text('x')",
    "class P(Path): pass\nP('/etc/passwd').read_text()",
    "type(Path('a'))('/etc/passwd').open()",
    "[x.open() for x in map(Path, ['/etc/passwd'])]",
    "(Path('a') / '..' / '..' / 'etc' / 'x.csv').write_text('x')",
    "Path(*['/etc/passwd']).open()",
    "Path(params['x']).write_text('x')",
    "Path('a').joinpath('/etc/passwd')",
    "Path('a.csv').with_name('a.py').write_text('x')",
    "w = Path('a.csv').open\nw('w')",
    "Path('a')._flavour",
    "import copy\nfrom pathlib import Path\ncopy.copy(Path('/etc/passwd')).open()",
    "import pathlib\npathlib.Path('a').mkdir()\npathlib.os.system('id')",
    "import pathlib\npathlib.Path('a').mkdir()\npathlib.PosixPath('/etc/passwd').open()",
    "import lightgbm\nfrom pathlib import Path\nlightgbm.Dataset(Path('a.csv'))",
    "pd.read_pickle(Path('a.csv'))",
]


@pytest.mark.parametrize("program", BEYOND)
def test_nothing_else_of_paths_and_their_modules_may_be_used(program: str) -> None:
    assert not SecurityValidator().validate_code(HEAD + with_path(program)).safe


@pytest.mark.parametrize("name", ["Agg", "TkAgg", "Qt5Agg", "QtAgg", "MacOSX"])
def test_the_back_end_of_a_screen_may_be_asked_for(name: str) -> None:
    assert SecurityValidator().validate_code(f"import matplotlib\nmatplotlib.use({name!r})").safe


@pytest.mark.parametrize("name", ["maxsize", "float_info", "version_info", "argv", "stdout.write('x')", "exit(0)"])
def test_harmless_parts_of_sys_are_reported_low(name: str) -> None:
    verdict = SecurityValidator().validate_code(f"import sys\nprint(1)\nsys.{name}")
    assert verdict.security_level is SecurityLevel.LOW
    assert verdict.issues[0].fix != policy_for("python").rules["imports.reported"].fix


@pytest.mark.parametrize(
    "name", ["modules", "path", "_getframe()", "settrace(f)", "stdin", "stdout.buffer", "exc_info()"]
)
def test_the_rest_of_sys_is_refused(name: str) -> None:
    assert not SecurityValidator().validate_code(f"import sys\nsys.{name}").safe


@pytest.mark.parametrize(
    "line",
    [
        "# -*- coding: utf-8 -*-",
        "#-*-encoding=utf-8-*-",
        "# coding: utf8",
        "# coding=U8",
        "# coding: UTF_8",
        "# coding: cp65001",
    ],
)
def test_every_spelling_of_utf_8_is_taken(line: str) -> None:
    assert SecurityValidator().validate_bytes(line.encode() + b"\nprint(1)").safe


@pytest.mark.parametrize("line", ["# coding: latin-1", "# coding: utf-7", "# coding: utf-16", "# coding: idna"])
def test_no_other_encoding_is_taken(line: str) -> None:
    assert not SecurityValidator().validate_bytes(line.encode() + b"\nprint(1)").safe


EXPRESSIONS = [
    "close > open", "t.str.startswith('x')", "t.str.contains('import', case=False)", "close > @limit",
    "`adj close` > 3 and t in ['A', 'B']", "date.dt.year == 2020", "x = close.rolling(3).mean()", "not a & ~b",
    "abs(close - open) > 1",
]  # fmt: skip
CODE = [
    "@pd.io.common.os.system('id')", "__import__('os')", "close.to_csv('x')", "().__class__", "@f(1)", "[open][0]('x')",
    "(lambda: 1)()", "close.apply('to_csv')", "eval('1')", "@df.to_pickle('x')", "close.values.tofile('x')",
    "[x for x in ()]", "close.os", "f'{close}'",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_over_columns_pass(text: str) -> None:
    for engine in ("", ", engine='python'"):
        verdict = SecurityValidator().validate_code(f"{HEAD}limit = 3\ndf.query({text!r}{engine})\ndf.eval({text!r})")
        assert verdict.safe, verdict.issues


@pytest.mark.parametrize("text", CODE)
def test_expressions_with_code_are_refused(text: str) -> None:
    assert not SecurityValidator().validate_code(f"{HEAD}df.query({text!r})").safe
    assert (
        not SecurityValidator().validate_code(f"import statsmodels.formula.api as smf\nsmf.ols('y ~ ' + {text!r})").safe
    )


FIGURE = "import plotly.express as px\nimport plotly.io as pio\nfig = px.line(df)\n"


def test_plotly_may_write_pages_and_says_why_it_makes_no_images() -> None:
    for line in ("fig.show()", "fig.write_html('out/a.html')", "pio.show(fig)", "pio.write_html(fig, file='a.html')"):
        verdict = SecurityValidator().validate_code(f"{HEAD}{FIGURE}{line}\npio.write_html(fig, 'a.html')")
        assert verdict.safe, (line, verdict.issues)
    for line in (
        "pio.write_html(fig, '/etc/a.html')",
        "pio.write_html('a.html', '/etc/a.html')",
        "fig.write_html('/a')",
    ):
        assert not SecurityValidator().validate_code(HEAD + FIGURE + line).safe, line
    for line in ("fig.write_image('a.png')", "fig.to_image()"):
        issue = SecurityValidator().validate_code(HEAD + FIGURE + line).issues[0]
        assert "fig.write_html('chart.html')" in issue.fix
