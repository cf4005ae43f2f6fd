"""What a program reads under a file name that is not there: the dataset it is a name of, or an error that helps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import ROOT

READ = 'x = pd.read_csv("{}", index_col="Date", parse_dates=["Date"])["Close"].sum()'
NAMES = "data.csv prices.csv AAPL.csv ./data/spy_daily.csv /data/data.csv data.txt DATA.CSV /tmp/artifacts/x.csv"
READERS = {
    **{name: READ.format(name) for name in NAMES.split()},
    "columns": 'x = pd.read_csv("data.csv", usecols=["Close"]).Close.sum()',
    "parquet": 'x = pd.read_parquet("./data/x.parquet").Close.sum()',
    "feather": 'x = pd.read_feather("x.feather").Close.sum()',
    "tabs": 'x = pd.read_csv("x.tsv", sep="\\t").Close.sum()',
    "open": 'x = sum(float(line.split(",")[1]) for line in list(open("data.csv"))[1:])',
    "csv": 'import csv\nx = sum(float(row["Close"]) for row in csv.DictReader(open("data.csv")))',
    "genfromtxt": 'x = np.genfromtxt("data.csv", delimiter=",", names=True, dtype=None, encoding=None)["Close"].sum()',
    "loadtxt": 'x = np.loadtxt("data.csv", delimiter=",", skiprows=1, usecols=1).sum()',
    "pathlib": 'from pathlib import Path\nx = pd.read_csv(Path("data") / "x.csv").Close.sum()',
    "asked": 'import os\nx = 4.0 if os.path.exists("data.csv") and os.path.isfile("data.csv") else 0',
    "twice": 'pd.read_csv("data.csv")\nx = pd.read_csv("./data.csv").Close.sum()',
}
ALIASES = dict.fromkeys(
    "data.csv prices.csv AAPL.csv spy_daily.csv data.txt DATA.CSV x.csv x.parquet x.feather x.tsv".split(), "spx"
)
SPY = ("SPY.csv", "data/spy.csv", "spy_daily-2020.csv", "data/SPY/1d.csv")
SCENES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "one": ({"spx": "csv"}, READERS),
    "parquet": ({"spx": "parquet"}, READERS),
    "named": ({"spy": "csv", "qqq": "csv"}, {name: READ.format(name) for name in SPY}),
    "several": (
        {"spy": "csv", "qqq": "csv"},
        {"none": READ.format("data.csv"), "both": READ.format("spy_qqq.csv"), "open": 'open("data.csv")'},
    ),
    "alone": ({"spx": "csv"}, {"other": READ.format("data.csv"), "its own": READ.format("data/SPX.csv")}),
    "own": (
        {"spx": "csv"},
        {
            "written": 'pd.DataFrame({"a": [1]}).to_csv("spx.csv")\nx = list(pd.read_csv("spx.csv", index_col=0))',
            "appended": 'open("spx2.csv", "a").write("a,b")\nx = open("spx2.csv").read()',
            "result": 'x = pd.read_csv("trades.csv")',
            "asked": 'import os\nx = os.path.exists("results/trades.csv")',
            "outside": 'x = open("/etc/none.csv")',
            "upwards": 'x = open("../data.csv")',
            "other": 'x = open("data.bin")',
        },
    ),
    "none": ({}, {"x": READ.format("data.csv")}),
}
SCRIPT = """
import json, os, sys
import filenames
filenames.watch()
import numpy as np
import pandas as pd
from frames import Datasets

def run(code, data, aliases, sink):
    filenames.settle(data, aliases)
    found = {"pd": pd, "np": np, "data": data}
    try:
        exec(compile(code, "strategy.py", "exec"), found)
        said = str(found["x"])
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    os.write(sink, said.encode())

scenes, aliases = json.load(sys.stdin)
for scene, (datasets, programs) in scenes.items():
    os.makedirs(f"{scene}/given")
    paths = {name: os.path.abspath(f"{scene}/given/{name}.{kind}") for name, kind in datasets.items()}
    for path in paths.values():
        with open(path, "w") as file:
            file.write("Date,Close\\n2020-01-01,1.5\\n2020-01-02,2.5\\n")
        if path.endswith(".parquet"):
            pd.read_csv(path, index_col=0, parse_dates=True).to_parquet(path)
    filenames.CONVERTED = os.path.abspath(f"{scene}/converted")
    for name, code in programs.items():
        source, sink = os.pipe()
        if os.fork() == 0:
            os.mkdir(f"{scene}/beside")
            os.chdir(f"{scene}/beside")
            sys.stderr = open("../told", "a")
            run(code, Datasets(paths), aliases if scene in ("one", "parquet") else {}, sink)
            sys.stderr.close()
            os.rmdir(os.getcwd()) if not os.listdir() else os.rename(os.getcwd(), f"{os.getcwd()}-{name}")
            os._exit(0)
        os.close(sink)
        with os.fdopen(source) as pipe:
            print(json.dumps([scene, name, pipe.read()]), flush=True)
        os.wait()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("filenames")


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[str, dict[str, str]]:
    """What each program of each scene left in `x`, or its error: each in a fork of one process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "sandbox_image")}
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    done = subprocess.run(
        command,
        input=json.dumps([SCENES, ALIASES]),
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = {scene: {} for scene in SCENES}
    for line in done.stdout.splitlines():
        scene, name, said = json.loads(line)
        found[scene][name] = said
    return found


Answers = dict[str, dict[str, str]]


@pytest.mark.parametrize("scene", ["one", "parquet"])
def test_a_dataset_is_read_under_each_of_its_aliases(answers: Answers, folder: Path, scene: str) -> None:
    assert answers[scene] == dict.fromkeys(READERS, "4.0")
    told = (folder / scene / "told").read_text().splitlines()
    line = "there is no file 'data.csv' here; it is answered with this job's dataset, data[\"spx\"]"
    assert f"strategy.py, line 1: {line}" in told


def test_of_several_datasets_the_one_that_is_named_is_read(answers: Answers, folder: Path) -> None:
    assert answers["named"] == dict.fromkeys(SPY, "4.0")
    told = (folder / "named" / "told").read_text()
    assert (told.count('data["spy"]'), told.count('data["qqq"]')) == (4, 0)


def test_a_name_that_may_mean_several_is_refused_with_all_of_them(answers: Answers) -> None:
    told = 'FileNotFoundError: [Errno 2] No such file; this job\'s datasets are data["spy"], data["qqq"]: '
    assert all(said.startswith(told) for said in answers["several"].values()), answers["several"]


def test_the_only_dataset_is_not_read_under_a_name_that_nobody_gave_it(answers: Answers) -> None:
    assert answers["alone"]["its own"] == "4.0"
    assert answers["alone"]["other"].startswith(
        "FileNotFoundError: [Errno 2] No such file; this job's datasets are data["
    )


def test_a_programs_own_files_stay_its_own(answers: Answers) -> None:
    found = answers["own"]
    assert (found["written"], found["appended"], found["asked"]) == ("['a']", "a,b", "False")
    for name in ("result", "outside", "upwards", "other"):
        assert found[name].startswith("FileNotFoundError"), name
    assert 'data["spx"]' in found["result"]
    assert "datasets" not in found["outside"]


def test_without_datasets_the_error_says_so(answers: Answers) -> None:
    assert "this job names no datasets" in answers["none"]["x"]
