"""Programs found in folders, named and read; `windtunnel validate` and `--version` with the client alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from windtunnel import __version__
from windtunnel.cli.commands import app
from windtunnel.cli.programs import Program, find, listed
from windtunnel.errors import InvalidInput

FILES = {
    "a.py": "print(1)\n",
    "notes.txt": "not a program",
    "__init__.py": "",
    ".hidden.py": "import os\n",
    ".venv/lib.py": "import os\n",
    "more/__init__.py": "",
    "more/a.py": "print(2)\n",
    "more/trend fast.js": "console.log(1);\n",
    "more/deep/b.go": "package main\nfunc main() {}\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "strategies"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_folder_gives_the_programs_of_its_subfolders_and_no_others(folder: Path) -> None:
    found = find([folder])
    assert {program.name: program.language for program in found} == {
        "a": "python", "more-a": "python", "more-trend-fast": "javascript", "more-deep-b": "go",
    }  # fmt: skip


def test_a_file_is_taken_as_it_is_given(folder: Path) -> None:
    given = [folder / "__init__.py", folder / "notes.txt"]
    assert [(program.file, program.language) for program in find(given)] == [(file, "python") for file in given]


def test_links_to_folders_are_not_followed(folder: Path) -> None:
    (folder / "more" / "round").symlink_to(folder, target_is_directory=True)
    assert len(find([folder])) == 4


def test_a_folder_without_programs_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    with pytest.raises(InvalidInput, match=re.escape(str(tmp_path))):
        find([tmp_path])


def test_a_files_byte_order_mark_does_not_reach_the_program(tmp_path: Path) -> None:
    file = tmp_path / "marked.py"
    file.write_bytes(b"\xef\xbb\xbfprint(1)\n")
    assert Program.at(file).text() == "print(1)\n"


@pytest.mark.parametrize(("content", "told"), [(b"\xff", "is not UTF-8 text"), (None, "No such file")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "broken.py"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidInput, match=rf"broken\.py: .*{told}"):
        Program.at(file).text()


def test_many_programs_are_listed_in_short(tmp_path: Path) -> None:
    programs = [Program.at(tmp_path / f"s{index:02}.py") for index in range(25)]
    assert listed(programs[:1]) == f"1 program: {tmp_path}/s00.py"
    assert listed(programs).startswith("25 programs: ")
    assert listed(programs).endswith("s09.py and 15 more")


def test_the_version_is_printed() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"windtunnel {__version__}\n")


def test_an_empty_file_is_refused_by_name_before_anything_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "empty.py"
    file.touch()
    with pytest.raises(InvalidInput, match=r"empty\.py: is empty"):
        CliRunner().invoke(app, ["submit", str(file)], catch_exceptions=False)


def test_validate_judges_by_the_policies_of_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text("print(1)\n")
    (tmp_path / "python.toml").write_text("[")
    assert CliRunner().invoke(app, ["validate", str(file)]).exit_code == 0
    with pytest.raises(InvalidInput, match=r"python\.toml"):
        CliRunner(env={"WINDTUNNEL_POLICIES": str(tmp_path)}).invoke(
            app, ["validate", str(file)], catch_exceptions=False
        )


CLIENT_ONLY = """
import sys
for name in ("docker", "fakeredis", "psutil", "tree_sitter"):
    sys.modules[name] = None  # as where only the client is installed
sys.argv = ["windtunnel", *sys.argv[1:]]
from windtunnel.cli import main
main()
"""


def alone(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CLIENT_ONLY, *map(str, arguments)],
        input=stdin, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_validate_needs_neither_docker_nor_the_worker_extra(folder: Path) -> None:
    done = alone("validate", "--json", folder / "a.py", folder / ".hidden.py")
    assert done.returncode == 1, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["safe"] for one in verdicts] == [True, False]


@pytest.mark.parametrize("module", ["windtunnel.testing", "windtunnel_worker", "windtunnel_worker.celery.roles"])
def test_what_the_client_alone_cannot_load_names_the_extra(module: str) -> None:
    load = f"import sys; sys.modules.update(docker=None, fakeredis=None, psutil=None); import {module}"
    done = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("Run `pip install 'windtunnel[worker]'`.")


def test_a_hyphen_reads_the_program_from_standard_input() -> None:
    done = alone("validate", "--json", "-", stdin="import os\n")
    assert [issue["line"] for issue in json.loads(done.stdout)["issues"]] == [1], done.stderr
    assert [(program.name, program.language) for program in find([Path("-")])] == [("stdin", "python")]


def test_of_a_file_without_end_little_is_read() -> None:
    with pytest.raises(InvalidInput, match="/dev/zero: is larger than 1,048,576 bytes"):
        Program.at(Path("/dev/zero")).read()


def test_validate_says_what_to_install_for_other_languages(folder: Path) -> None:
    done = alone("validate", folder / "more" / "deep" / "b.go")
    assert done.returncode == 2
    assert "pip install 'windtunnel[languages]'" in done.stderr
    assert "Traceback" not in done.stderr
