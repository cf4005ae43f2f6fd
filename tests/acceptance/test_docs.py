"""Every command and program in `docs/` works as it is written there, on the whole system."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from mcp import Client as Agent
from mcp import StdioServerParameters
from tests.support import EXAMPLES, ROOT, Stack, command

from windtunnel.client import Client
from windtunnel.contract import Job, Outcome
from windtunnel.mcp.access import Tokens
from windtunnel.validation import SecurityValidator

DOCS = ROOT / "docs"
BLOCK = re.compile(r"(?:<!-- (?P<mark>.*?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
PAGES = sorted(page.name for page in DOCS.glob("*.md"))


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    mark: str

    @property
    def runs(self) -> bool:
        return not self.mark.startswith("not run: ")


def blocks(page: str) -> list[Block]:
    found = BLOCK.finditer((DOCS / page).read_text("utf-8"))
    return [Block(one["kind"], one["text"], one["mark"] or "") for one in found]


@pytest.fixture
def under(stack: Stack) -> dict[str, str]:
    return {**stack.environment, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def prices(stack: Stack) -> None:
    added = command("datasets", "add", "sp500", EXAMPLES / "data" / "sp500.csv", under=stack.environment)
    assert added.returncode == 0, added.stderr


@pytest.mark.parametrize("page", [page for page in PAGES if page != "agents.md" and blocks(page)])
def test_what_a_page_says_works(page: str, under: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(EXAMPLES)
    for block in blocks(page):
        if block.runs:
            works(block.kind, block.text, under, tmp_path)


def test_the_quick_start_works(under: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(EXAMPLES)
    (quick,) = [block for block in blocks("../README.md") if "windtunnel doctor" in block.text]
    works(quick.kind, quick.text.replace(". .venv/bin/activate\n", ""), under, tmp_path)


def works(kind: str, text: str, under: dict[str, str], folder: Path) -> None:
    program = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}[kind]
    done = subprocess.run(
        [*program, text],
        cwd=folder,
        env=under,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    crashed = re.search("^Traceback", done.stdout, re.MULTILINE)
    assert (done.returncode, crashed) == (0, None), f"{text}\n{done.stdout}"


def test_each_mark_is_known() -> None:
    marks = {block.mark.partition(": ")[0] for page in PAGES for block in blocks(page)}
    assert marks == {"", "not run", "refused"}


@pytest.mark.usefixtures("prices")
def test_the_programs_for_agents_run_and_the_bad_one_is_refused(app: Client) -> None:
    validator = SecurityValidator()
    programs = [block for block in blocks("agents.md") if block.kind == "python"]
    good = [block.text for block in programs if block.mark != "refused"]
    verdicts = {block.text: validator.validate_code(block.text) for block in programs}
    assert [text for text, verdict in verdicts.items() if verdict.safe] == good
    assert [issue for text in good for issue in verdicts[text].issues] == []
    batch = app.submit_batch([Job(code=text, datasets=("sp500",)) for text in good], isolation="cell")
    assert app.wait(batch, timeout=240).outcomes == {Outcome.SUCCEEDED: len(good)}, list(app.reports(batch))


def test_an_agent_is_connected_as_the_page_says(under: dict[str, str], tmp_path: Path) -> None:
    (configuration,) = [block.text for block in blocks("agents.md") if block.kind == "json"]
    server = json.loads(configuration)["mcpServers"]["windtunnel"]

    async def tools() -> set[str]:
        async with Agent(StdioServerParameters(**server, env=under)) as agent:
            return {tool.name for tool in (await agent.list_tools()).tools}

    listed = set(re.findall(r"^\| `(\w+)\(", (DOCS / "agents.md").read_text("utf-8"), re.MULTILINE))
    assert asyncio.run(tools()) == listed
    (tokens,) = [block.text for block in blocks("agents.md") if block.kind == "toml"]
    file = tmp_path / "tokens.toml"
    file.touch(0o600)
    file.write_text(tokens)
    assert Tokens.read(file).named("research-bot").owner == "research"


def test_snippets_are_typed(tmp_path: Path) -> None:
    for page in PAGES:
        for number, block in enumerate(blocks(page)):
            if block.kind == "python" and page != "agents.md":
                (tmp_path / f"{page.removesuffix('.md')}_{number}.py").write_text(block.text)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), *tmp_path.iterdir()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "windtunnel datasets add" in (tmp_path / "commands" / "index.html").read_text("utf-8")
    assert "submit_batch" in (tmp_path / "reference" / "index.html").read_text("utf-8")
