"""`windtunnel mcp` as agents use it: over stdio and HTTP, with the SDK's client, on the whole system."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from tests.support import COMMAND, EXAMPLES, PATIENCE_S, Stack, command, free_port, until

from windtunnel.client import Client as App
from windtunnel.mcp.desk import MOST_WAIT_S, WAITS_AT_A_TIME

Call = Callable[..., Any]


class Refused(Exception):
    """The tool answered with an error."""


async def is_refused(call: Awaitable[Any]) -> bool:
    try:
        await call
    except Refused:
        return True
    return False


def caller(client: Client) -> Call:
    async def call(tool: str, /, **arguments: Any) -> Any:
        result = await client.call_tool(tool, arguments)
        said = result.content[0].text  # type: ignore[union-attr]
        if result.is_error:
            raise Refused(said)
        return said if tool == "errors" else json.loads(said)

    return call


@dataclass(frozen=True)
class Broken:
    """A program, what its author must be told of it, and what the author then writes."""

    code: str
    told: str
    repaired: str


GOOD_CLOSE = "close = data['sp500']['Close']\nemit(last=float(close.iloc[-1]))\n"
CROSSOVER = """
def signals(data, params):
    close = data["sp500"]["Close"]
    return (close.rolling(params["fast"]).mean() > close.rolling(params["slow"]).mean()).astype(float)
"""
BROKEN = {
    "syntax": Broken("def f(:\n    pass\n", "syntax", "emit(x=1)\n"),
    "system": Broken("import os\nprint(os.getcwd())\n", "The module os", "emit(x=1)\n"),
    "network": Broken("import requests\nrequests.get('http://x.example')\n", "requests", GOOD_CLOSE),
    "eval": Broken("print(eval('1 + 1'))\n", "eval", "print(1 + 1)\n"),
    "subprocess": Broken("import subprocess\nsubprocess.run(['ls'])\n", "subprocess", "emit(x=1)\n"),
    "column": Broken("close = data['sp500']['AdjClose']\n", "KeyError: 'AdjClose'", GOOD_CLOSE),
    "division": Broken("wins, losses = 3, 0\nemit(ratio=wins / losses)\n", "ZeroDivisionError", "emit(ratio=None)\n"),
    "name": Broken("emit(n=params['n'])\nprint(fast)\n", "NameError", "emit(n=params['n'])\n"),
    "endless": Broken("while True:\n    pass\n", "timed_out", "emit(x=1)\n"),
    "exit": Broken("raise SystemExit(3)\n", "failed", "emit(x=1)\n"),
}
"""The scripted model: it repairs a program only if it is told what it needs to know."""


async def until_it_succeeds(call: Call, broken: Broken) -> list[str]:
    """Generate, validate, repair; run, repair. Returns what was done."""
    code, done = broken.code, []
    for _ in range(4):
        judged = await call("validate", code=code, datasets=["sp500"])
        done.append("validated" if judged["safe"] else "rejected")
        told = judged["repair"]
        if judged["safe"]:
            timeout_s = 3 if code == BROKEN["endless"].code else 30
            found = await call("run", code=code, params={"n": 1}, datasets=["sp500"], timeout_s=timeout_s, wait_s=50)
            while not found["done"]:
                found = await call("status", id=found["id"], wait_s=50)
            done.append(found["outcome"])
            if found["outcome"] == "succeeded":
                return done
            told = await call("errors", id=found["id"])
        assert broken.told in told, told
        code = broken.repaired
    raise AssertionError(f"not repaired: {done}")


@pytest.fixture(scope="module")
def prices(stack: Stack) -> None:
    added = command("datasets", "add", "sp500", EXAMPLES / "data" / "sp500.csv", under=stack.environment)
    assert added.returncode == 0, added.stderr


@pytest.mark.usefixtures("prices")
def test_ten_broken_programs_are_repaired_over_stdio(stack: Stack) -> None:
    async def loop() -> None:
        server = StdioServerParameters(command=COMMAND, args=["mcp"], env=stack.environment)
        async with Client(server) as client:
            call = caller(client)
            done: list[list[str]] = []
            broken = list(BROKEN.values())
            for start in range(0, len(broken), WAITS_AT_A_TIME):
                some = broken[start : start + WAITS_AT_A_TIME]
                done += await asyncio.gather(*(until_it_succeeds(call, one) for one in some))
            assert [one[-1] for one in done] == ["succeeded"] * 10
            assert sum(one[0] == "rejected" for one in done) == 5
            assert {one[1] for one in done[5:]} == {"failed", "timed_out"}
            grid = {"fast": [5, 10], "slow": [50]}
            batch = await call("submit_sweep", code=CROSSOVER, grid=grid, datasets=["sp500"])
            while not (found := await call("status", id=batch["id"], wait_s=50))["done"]:
                pass
            assert found["outcomes"] == {"succeeded": 2}
            board = await call("leaderboard", id=batch["id"])
            assert [row["rank"] for row in board["ranked"]] == [1, 2]
            assert board["ranked"][0]["sharpe"] >= board["ranked"][1]["sharpe"]
            found = await call("datasets", name="sp500")
            assert found["datasets"][0]["first"].startswith("1999-01-04")

    asyncio.run(loop())


# -- HTTP ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    url: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def server(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("agents")
    tokens = {name: secrets.token_urlsafe(32) for name in ("alice", "mallory")}
    file = folder / "tokens.toml"
    file.touch(0o600)
    file.write_text(
        f'[alice]\ntoken = "{tokens["alice"]}"\n\n[mallory]\ntoken = "{tokens["mallory"]}"\njobs_a_day = 5\n'
    )
    with serving(stack, file, folder / "log") as (url, _):
        yield Server(url, tokens)
    said = (folder / "log").read_text()
    assert "Traceback" not in said
    assert not any(token in said for token in tokens.values())
    assert "MARKER" not in said


@contextmanager
def serving(stack: Stack, tokens: Path, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`windtunnel mcp --http`: its address and its process, which is told to end afterwards."""
    port = free_port()
    arguments = [COMMAND, "mcp", "--http", "--port", str(port), "--tokens", str(tokens)]
    with (
        log.open("wb") as file,
        subprocess.Popen(arguments, env=stack.environment, stdout=file, stderr=file) as process,
    ):
        try:
            _await(port, process)
            yield f"http://127.0.0.1:{port}/mcp", process
        finally:
            process.terminate()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        assert process.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listens, "the server listens")


@asynccontextmanager
async def connected(server: Server, name: str) -> AsyncIterator[Call]:
    headers = {"Authorization": f"Bearer {server.tokens[name]}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE_S) as http,
        Client(streamable_http_client(server.url, http_client=http)) as client,
    ):
        yield caller(client)


async def not_over_midnight() -> None:
    """What a token may use is counted by the day."""
    left_s = 86_400 - time.time() % 86_400
    if left_s < 120:
        await asyncio.sleep(left_s)


def test_a_token_sees_its_own_batches_only_and_no_more_than_its_allowance(server: Server, app: App) -> None:
    async def use() -> None:
        await not_over_midnight()
        async with connected(server, "alice") as alice, connected(server, "mallory") as mallory:
            found = await alice("run", code="print('MARKER')", wait_s=50)
            assert "MARKER" in found["program_says"]["stdout"]
            for tool in ("status", "report", "errors", "leaderboard", "cancel"):
                with pytest.raises(Refused, match="There is no job"):
                    await mallory(tool, id=found["id"])
            answers = await asyncio.gather(
                *(mallory("run", code=f"print({n})", wait_s=0) for n in range(20)), return_exceptions=True
            )
            refused = [str(one) for one in answers if isinstance(one, Refused)]
            assert len(refused) >= 15
            assert all("jobs a day" in one or "calls are in progress" in one for one in refused)
            used = await mallory("allowance")
            assert used["jobs"] == [20 - len(refused), 5]
        owners = [batch.owner for batch in app.batches(1000)]
        assert owners.count("mallory") == 20 - len(refused) <= 5

    asyncio.run(use())


def test_a_caller_that_went_away_does_not_keep_its_turns_to_wait(server: Server) -> None:
    async def use() -> None:
        async with connected(server, "alice") as alice:
            job = (await alice("run", code="import time\ntime.sleep(300)", timeout_s=400, wait_s=0))["id"]
            try:
                for _ in range(WAITS_AT_A_TIME):
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(alice("status", id=job, wait_s=MOST_WAIT_S), 0.5)
                while True:
                    with suppress(Refused):  # the server looks once a second
                        assert not (await alice("status", id=job, wait_s=0.1))["done"]
                        break
                    await asyncio.sleep(0.5)
            finally:
                await alice("cancel", id=job)

    asyncio.run(asyncio.wait_for(use(), MOST_WAIT_S))  # by then the waits would have ended by themselves


def test_a_server_that_is_told_to_end_answers_those_who_wait(stack: Stack, app: App, tmp_path: Path) -> None:
    token = secrets.token_urlsafe(32)
    tokens = tmp_path / "tokens.toml"
    tokens.touch(0o600)
    tokens.write_text(f'[carol]\ntoken = "{token}"\n')
    started: list[str] = []

    async def use() -> None:
        with serving(stack, tokens, tmp_path / "log") as (url, process):
            async with connected(Server(url, {"carol": token}), "carol") as carol:
                run = await carol("run", code="import time\ntime.sleep(300)", timeout_s=400, wait_s=0)
                started.append(run["id"])

                def wait() -> asyncio.Task[Any]:
                    return asyncio.create_task(carol("status", id=run["id"], wait_s=MOST_WAIT_S))

                waiting = [wait() for _ in range(WAITS_AT_A_TIME)]
                # Another one is refused once all of them have reached the server.
                while not await is_refused(carol("status", id=run["id"], wait_s=0.01)):
                    waiting = [wait() if one.done() else one for one in waiting]
                process.terminate()
                assert [(await one)["done"] for one in waiting] == [False] * WAITS_AT_A_TIME
            await asyncio.to_thread(process.wait, MOST_WAIT_S / 2)
        assert "Traceback" not in (tmp_path / "log").read_text()

    try:
        asyncio.run(use())
    finally:
        for job in started:
            app.cancel(job)


def test_without_a_good_token_nothing_is_answered(server: Server) -> None:
    def answer(**request: Any) -> int:
        return httpx2.post(server.url, timeout=PATIENCE_S, **request).status_code

    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Accept": "application/json, text/event-stream"}
    for token in (None, "x" * 43, "-", server.tokens["alice"][:-1]):
        known = {"Authorization": f"Bearer {token}"} if token is not None else {}
        assert answer(json=body, headers={**headers, **known}) == 401
    good = {**headers, "Authorization": f"Bearer {server.tokens['alice']}"}
    assert answer(json=body, headers={**good, "Host": "evil.example"}) in (403, 421)
    assert answer(json=body, headers={**good, "Origin": "http://evil.example"}) == 403
    assert answer(content=b"x" * 3 * 2**20, headers=good) in (413, 415)


def test_what_is_wrong_with_the_options_is_said(stack: Stack, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.touch(0o600)
    tokens.write_text(f'[alice]\ntoken = "{"a" * 40}"\n')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for arguments, said in (
            (
                ["--http", "--tokens", tokens, "--port", taken.getsockname()[1]],
                "Address already in use. Choose another port",
            ),
            (["--http"], "--tokens: is needed with --http"),
            (["--tokens", tmp_path / "none"], "is for --http"),
            (["--http", "--tokens", tmp_path / "none"], "cannot be read"),
        ):
            done = command("mcp", *arguments, under=stack.environment)
            assert (done.returncode, "Traceback" in done.stderr) == (2, False)
            assert said in done.stderr
