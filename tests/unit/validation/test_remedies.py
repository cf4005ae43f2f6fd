"""Remedies name the datasets of the job they are for."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from windtunnel.cli.validate import validate
from windtunnel.validation import SecurityValidator
from windtunnel.validation.policy import SHIPPED
from windtunnel.validation.remedies import GENERIC, for_job, rejection

READS = "import pandas as pd\ndf = pd.read_csv('data.csv')\n"


def test_a_verdict_knows_no_datasets_and_has_no_placeholder() -> None:
    for path in SHIPPED.glob("*.toml"):
        assert "data['" not in path.read_text(), path.name
    verdict = SecurityValidator().validate_code(READS)
    assert GENERIC in verdict.issues[0].fix


def test_a_jobs_datasets_are_named() -> None:
    verdict = for_job(SecurityValidator().validate_code(READS), ("prices", "spy"))
    assert 'data["prices"] or data["spy"]' in verdict.issues[0].fix
    assert GENERIC not in verdict.issues[0].fix


def test_a_rejection_lists_all_missing_libraries() -> None:
    said = rejection(SecurityValidator().validate_code("import finta\nimport torch\nx = 1"), ("prices",))
    assert said.startswith("Line 1: The sandbox has no finta.")
    assert "Line 2: The sandbox has no torch." in said


def test_a_rejection_names_a_library_once() -> None:
    said = rejection(SecurityValidator().validate_code("import finta\nfrom finta import TA\nimport torch\n"), ())
    assert said.startswith("Line 1: The sandbox has no finta.")
    assert (said.count("finta"), "Line 3: The sandbox has no torch." in said) == (1, True)


def test_a_rejection_says_once_what_to_do_about_several_files_of_ones_own() -> None:
    said = rejection(SecurityValidator().validate_code("import my_config\nfrom my_utils.indicators import rsi\n"), ())
    assert said.startswith("Line 1: The sandbox has no my_config. Line 2: The sandbox has no my_utils. If it is a file")
    assert said.count("one file") == 1


def test_a_rejection_begins_with_the_worst() -> None:
    said = rejection(SecurityValidator().validate_code("import finta\nimport os\n"), ())
    assert said.startswith("Line 2: The module os opens")
    assert said.endswith("And 1 more.")


def test_the_command_line_names_the_dataset(tmp_path: Path) -> None:
    import typer

    program = tmp_path / "program.py"
    program.write_text(READS)
    app = typer.Typer()
    app.command()(validate)
    result = CliRunner().invoke(app, [str(program), "--dataset", "prices"])
    assert 'data["prices"]' in result.output


@pytest.mark.parametrize(
    ("language", "code", "remedy"),
    [
        ("python", "```python\nx = 1\n```\n", "between the fences"),
        ("python", "Sure! Here it is:\n\n```python\nx = 1\n```\n", "between the fences"),
        ("python", "x = 1\n```\nIt buys low.\n", "between the fences"),
        ("java", "```java\nclass A {}\n```\n", "between the fences"),
        ("python", '"""Use it so:\n```\nrun\n```\n"""\nx = (1\n', "cut off"),
        ("python", "%matplotlib inline\nx = 1", "notebook's command"),
        ("python", "x = 1\n!pip install yfinance\n", "notebook's command"),
        ("python", "Here's a simple moving average strategy:\n\nx = 1", "not code"),
        ("python", '{"cells": [], "nbformat": 4}', "nbconvert"),
        ("python", '{"cells": [], "metadata": {"a": null}, "nbformat": 4}', "nbconvert"),
        ("python", "from threading import Thread", "one core"),
        ("python", "import multiprocessing as mp", "one core"),
        ("python", "import joblib", "one core"),
        ("python", "from dotenv import load_dotenv", "in params"),
        ("python", "import configparser", "in params"),
        ("python", "import sys\nsys.stdin.read()", "from params"),
        ("python", "from logging.handlers import RotatingFileHandler", "logging.FileHandler"),
        ("python", "from tqdm.notebook import tqdm", "from tqdm import tqdm"),
        ("python", "from AlgorithmImports import *", "signals(data, params)"),
        ("python", "from typing import override", "Python 3.11, which lacks it"),
        ("python", "import itertools\nitertools.batched('abc', 2)", "Python 3.11, which lacks it"),
        ("python", "from collections import Iterable", "collections.abc"),
        ("python", "from sklearn.cross_validation import KFold", "sklearn.model_selection"),
        ("python", "import numpy as np\nnp.bool8(1)", "np.bool_"),
        ("python", "import time\ntime.clock()", "time.perf_counter()"),
        ("python", "from pathlib import Path\nPath('../input')", 'data["prices"]'),
        ("python", "open('equity.bin', 'wb')", ".csv .json .txt .png"),
        ("python", "import subprocess\nsubprocess.run(['pip', 'install', 'ta'])", "nothing can be installed"),
        ("python", '//@version=5\nstrategy("x", overlay=true)\n', "another platform"),
        ("python", "#property strict\nint OnInit() { return(0); }\n", "another platform"),
        ("python", "pip install ta\nx = 1", "shell's or a notebook's command"),
        ("python", ">>> import pandas as pd\n>>> x = 1\n", "before them"),
        ("python", "1 import pandas as pd\n2 x = 1\n", "before them"),
        ("python", "+import pandas as pd\n", "before them"),
        ("python", "<tool_call>\nx = 1\n</tool_call>\n", "without the tags"),
        ("python", "[PYTHON]\nx = 1\n[/PYTHON]\n", "without the tags"),
        ("python", "a = [1, 2]\nif a[0] &lt; a[1]:\n    x = 1\n", "themselves"),
        ("python", "import pandas as pd\\nx = 1\\nprint(x)", "line breaks"),
        ("python", "print(1)\n\nOutput:\n1\n", "not code"),
        ("python", "from google.colab import drive", 'data["prices"]'),
        ("python", "import nest_asyncio\nnest_asyncio.apply()", "asyncio.run(main()) works"),
        ("python", "from matplotlib.animation import FuncAnimation", "plt.savefig"),
        ("python", "import matplotlib.pyplot as plt\nplt.pause(1)", "Leave it out"),
        ("python", "import sys\nclass Tee: ...\nsys.stdout = Tee()", "output is UTF-8 and kept"),
        ("python", "x = “a”", "straight quote"),
        ("python", "x = f（1）", "ordinary comma or bracket"),
        ("python", "if x:\n\u00a0\u00a0print(1)", "ordinary blank"),
        ("python", "x = 1\nprint([3, 5, 4,\n", "cut off"),
        ("python", 'def f():\n    """Buys low\n', "cut off"),
    ],
)
def test_what_models_do_by_habit_is_refused_with_what_to_do_instead(language: str, code: str, remedy: str) -> None:
    verdict = SecurityValidator().validate_code(code, language=language)
    assert not verdict.safe
    assert remedy in rejection(verdict, ("prices",))
