"""Every language in its own image, through the executor: what works, and how each way to fail is told."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.support import ENOUGH, EXAMPLES, missing

from windtunnel.client.datasets import Datasets
from windtunnel.contract import LANGUAGES, Execution, Job, Limits, Outcome
from windtunnel.errors import WindtunnelError
from windtunnel_worker.sandbox import Assignment, Executor, images, list_sandboxes
from windtunnel_worker.sandbox.languages import TABLE
from windtunnel_worker.settings import HostSettings, host_settings

SHARPE = 0.0818589
"""Of the example, in every language, with the parameters used here."""
Run = Callable[..., Execution]


@dataclass(frozen=True)
class Programs:
    """One language's programs, one for each way to end."""

    example: str
    hello: str
    wrong: str
    """Does not compile, at line 3."""
    complaint: str
    raising: str
    """Throws "boom" at line 3, called from a later line."""
    exception: str
    endless: str
    """Writes "half" and has no end, at line 3 where lines are known."""
    greedy: str
    flood: str
    leaving: str
    """Writes "x" to `plot.txt` in the folder that it starts in."""
    values: str
    """Emits `number`, `text`, `list`, `nan`, `wide` (2^60 as a float) and `large` (the integer 2^63 - 1)."""


def _java(body: str) -> str:
    return f"import java.util.*;\n\npublic class Test {{ public static void main(String[] args) {{ {body} }} }}\n"


def _go(body: str) -> str:
    return f'package main\n\nimport "fmt"\n\nfunc main() {{ fmt.Print(); {body} }}\n'


def _cpp(body: str) -> str:
    return f"#include <cstdio>\n\nint main() {{ {body} }}\n"


LONG = "0123456789" * 100

JAVASCRIPT = Programs(
    example="languages/ema_crossover.js",
    hello='console.log("hello")',
    wrong="const a = 1;\n\nconst b = ;\n",
    complaint="Unexpected token ';'",
    raising='const f = () => {\n  const reason = "boom";\n  throw new Error(reason);\n};\nf();\n',
    exception="Error",
    endless='process.stdout.write("half"); for (;;) {}',
    greedy="const all = []; for (;;) all.push(new Array(1000).fill({ at: Math.random() }));",
    flood=f'for (;;) console.log("{LONG}");',
    values='emit("number", 1.5); emit({ text: "a\\"\\n", list: new Float64Array([1, 2]), nan: NaN });'
    'emit("wide", 2 ** 60); emit("large", 2n ** 63n - 1n);',
    leaving='require("fs").writeFileSync("plot.txt", "x");',
)
PROGRAMS = {
    "python": Programs(
        example="strategies/ema_crossover.py",
        hello='print("hello")',
        wrong="a = 1\n\nb = = 2\n",
        complaint="invalid syntax",
        raising='def f():\n    reason = "boom"\n    raise ValueError(reason)\n\nf()\n',
        exception="ValueError",
        endless='print("half", end="")\n\nwhile True: pass',
        greedy="a = []\nwhile True: a.append(bytearray(10**7))",
        flood=f'while True: print("{LONG}")',
        values='emit(number=1.5, text="a\\"\\n", list=[1.0, 2.0], nan=float("nan"))\n'
        "emit(wide=2.0**60, large=2**63 - 1)",
        leaving='open("plot.txt", "w").write("x")',
    ),
    "javascript": JAVASCRIPT,
    "typescript": Programs(
        example="languages/ema_crossover.ts",
        hello='const word: string = "hello"; console.log(word);',
        wrong='const a = 1;\n\nconst b: number = "text";\n',
        complaint="Type 'string' is not assignable to type 'number'",
        raising='const f = (): never => {\n  const reason: string = "boom";\n  throw new Error(reason);\n};\nf();\n',
        exception="Error",
        endless=JAVASCRIPT.endless,
        greedy="const all: object[] = []; for (;;) all.push(new Array(1000).fill({ at: Math.random() }));",
        flood=JAVASCRIPT.flood,
        leaving='import * as fs from "fs";\nfs.writeFileSync("plot.txt", "x");',
        values=JAVASCRIPT.values,
    ),
    "java": Programs(
        example="languages/EmaCrossover.java",
        hello=_java('System.out.println("hello");'),
        wrong=_java("int number = unknown;"),
        complaint="cannot find symbol; symbol:   variable unknown",
        raising='class Test {\n  static void f() {\n    throw new IllegalStateException("boom");\n  }\n'
        "  public static void main(String[] args) { f(); }\n}\n",
        exception="java.lang.IllegalStateException",
        endless=_java('System.out.print("half"); for (;;) {}'),
        greedy=_java("var all = new ArrayList<byte[]>(); for (;;) all.add(new byte[1 << 20]);"),
        flood=_java(f'for (;;) System.out.println("{LONG}");'),
        leaving="class Test { public static void main(String[] args) throws Exception { "
        'java.nio.file.Files.writeString(java.nio.file.Path.of("plot.txt"), "x"); } }',
        values=_java(
            'windtunnel.Windtunnel.emit("number", 1.5); windtunnel.Windtunnel.emit("text", "a\\"\\n");'
            'windtunnel.Windtunnel.emit("list", List.of(1.0, 2.0)); windtunnel.Windtunnel.emit("nan", Double.NaN);'
            'windtunnel.Windtunnel.emit("wide", Math.pow(2, 60)); windtunnel.Windtunnel.emit("large", Long.MAX_VALUE);'
        ),
    ),
    "cpp": Programs(
        example="languages/ema_crossover.cpp",
        hello=_cpp('std::puts("hello");'),
        wrong=_cpp('int number = "text";'),
        complaint="invalid conversion from",
        raising='#include <stdexcept>\nvoid f() {\n  throw std::runtime_error("boom");\n}\nint main() { f(); }\n',
        exception="std::runtime_error",
        endless=_cpp('std::printf("half"); for (volatile int i = 0;; i = 1) {}'),
        greedy=_cpp("std::vector<std::string> all; for (;;) all.push_back(std::string(1 << 20, 'x'));"),
        flood=_cpp(f'for (;;) std::puts("{LONG}");'),
        leaving='#include <fstream>\nint main() { std::ofstream("plot.txt") << "x"; }',
        values=_cpp(
            'wt::emit("number", 1.5); wt::emit("text", "a\\"\\n");'
            'wt::emit("list", std::vector<double>{1, 2}); wt::emit("nan", std::nan(""));'
            'wt::emit("wide", std::ldexp(1.0, 60)); wt::emit("large", (1ull << 63) - 1);'
        ),
    ),
    "go": Programs(
        example="languages/ema_crossover.go",
        hello=_go('fmt.Println("hello")'),
        wrong='package main\n\nfunc main() { var number int = "text"; _ = number }\n',
        complaint='cannot use "text"',
        raising='package main\nfunc f() {\n\tpanic("boom")\n}\nfunc main() { f() }\n',
        exception="panic",
        endless=_go('fmt.Print("half"); for {}'),
        greedy=_go('all := []string{}; for { all = append(all, fmt.Sprintf("%01000000d", 0)) }'),
        flood=_go(f'for {{ fmt.Println("{LONG}") }}'),
        leaving='package main\n\nimport "os"\n\nfunc main() { os.WriteFile("plot.txt", []byte("x"), 0644) }\n',
        values='package main\n\nimport (\n\t"math"\n\t"windtunnel"\n)\n\n'
        'func main() {\n\twindtunnel.Emit("number", 1.5)\n'
        '\twindtunnel.Emit("text", "a\\"\\n")\n\twindtunnel.Emit("list", []float64{1, 2})\n'
        '\twindtunnel.Emit("nan", math.NaN())\n'
        '\twindtunnel.Emit("wide", math.Pow(2, 60))\n\twindtunnel.Emit("large", uint64(math.MaxInt64))\n}\n',
    ),
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> HostSettings:
    return host_settings().model_copy(
        update={"host": f"languages-{secrets.token_hex(4)}", "data_dir": tmp_path_factory.mktemp("data")}
    )


@pytest.fixture(params=sorted(PROGRAMS))
def language(request: pytest.FixtureRequest, settings: HostSettings) -> str:
    name = str(request.param)
    try:
        images.find(settings.image_for(name))
    except WindtunnelError as error:
        missing(str(error))
    return name


@pytest.fixture
def programs(language: str) -> Programs:
    return PROGRAMS[language]


@pytest.fixture
def run(language: str, settings: HostSettings) -> Iterator[Run]:
    """Run a program unvalidated; no sandbox may be left at the end."""
    executor = Executor(settings, "tests")

    def run(code: str, **fields: object) -> Execution:
        job = Job.model_validate({"code": code, "language": language, "limits": ENOUGH, **fields})
        return executor.execute(Assignment(f"test{secrets.token_hex(6)}-0", 1, job))

    yield run
    assert list_sandboxes(settings.host) == []


def test_the_contract_and_the_table_agree() -> None:
    assert tuple(language.name for language in TABLE) == LANGUAGES
    assert set(PROGRAMS) == set(LANGUAGES)


def test_hello(run: Run, programs: Programs) -> None:
    execution = run(programs.hello)
    assert (execution.outcome, execution.message) == (Outcome.SUCCEEDED, "")
    assert (execution.stdout, execution.stderr, execution.exit_code) == ("hello\n", "", 0)


def test_the_versions_of_its_tools_are_told(run: Run, language: str, programs: Programs) -> None:
    tool = {"javascript": "node", "cpp": "g++"}.get(language, language)
    assert run(programs.hello).versions[tool]


def test_a_strategy_on_a_dataset(run: Run, language: str, programs: Programs, datasets: Datasets) -> None:
    name = "nasdaq" if language == "python" else "sp500"
    datasets.add(name, EXAMPLES / "data" / "sp500.csv")
    code = (EXAMPLES / programs.example).read_text()
    execution = run(code, datasets=[name], params={"fast": 10, "slow": 30, "cost_bps": 5})
    assert execution.outcome is Outcome.SUCCEEDED, execution.stderr
    assert execution.values["sharpe"] == pytest.approx(SHARPE, abs=1e-6)
    assert isinstance(execution.values["trades"], int)


def test_emitted_values_are_the_same_json(run: Run, programs: Programs, language: str) -> None:
    execution = run(programs.values)
    assert execution.outcome is Outcome.SUCCEEDED, execution.stderr
    large = execution.values.pop("large")
    assert large == (str(2**63 - 1) if language in ("javascript", "typescript") else 2**63 - 1)
    assert execution.values == {"number": 1.5, "text": 'a"\n', "list": [1, 2], "nan": None, "wide": 2.0**60}
    assert execution.not_finite == {"nan": "NaN"}


def test_what_it_leaves_where_it_starts_comes_back_and_nothing_else(run: Run, programs: Programs) -> None:
    execution = run(programs.leaving)
    assert (execution.outcome, execution.message) == (Outcome.SUCCEEDED, "")
    found = {artifact.name: artifact.sha256 for artifact in execution.artifacts}
    assert found == {"plot.txt": hashlib.sha256(b"x").hexdigest()}


def test_a_dataset_that_the_job_does_not_name(run: Run, programs: Programs) -> None:
    execution = run((EXAMPLES / programs.example).read_text())
    assert execution.outcome is Outcome.FAILED
    assert execution.error is not None
    assert "is not among this job's datasets" in execution.error.message
    assert execution.error.line is not None
    assert "data" in execution.error.source.lower()


def test_a_program_that_does_not_compile(run: Run, language: str, programs: Programs) -> None:
    execution = run(programs.wrong)
    assert execution.outcome is Outcome.FAILED
    assert execution.error is not None
    assert execution.error.type == ("SyntaxError" if language in {"python", "javascript"} else "CompileError")
    assert programs.complaint in execution.error.message
    assert execution.error.line == 3
    assert execution.error.source == programs.wrong.splitlines()[2].strip()


def test_an_uncaught_exception(run: Run, programs: Programs) -> None:
    execution = run(programs.raising)
    assert execution.outcome is Outcome.FAILED
    assert execution.error is not None
    assert (execution.error.type, execution.error.message) == (programs.exception, "boom")
    assert execution.error.line == 3
    assert execution.message == f"Line 3: {programs.exception}: boom"


def test_an_endless_program_is_stopped_by_its_own_time(run: Run, programs: Programs) -> None:
    execution = run(programs.endless, limits=Limits(timeout_s=1))
    assert execution.outcome is Outcome.TIMED_OUT
    assert 1 <= execution.resources.duration_s < 10  # compiling is not part of it


def test_a_program_at_its_time_limit_keeps_its_output_and_may_say_where_it_is(
    run: Run, language: str, programs: Programs
) -> None:
    execution = run(programs.endless, limits=Limits(timeout_s=3))
    assert (execution.outcome, execution.stdout) == (Outcome.TIMED_OUT, "half")
    assert ("s, at line 3 (" in execution.message) is (language in ("python", "java", "cpp"))


def test_a_memory_bomb(run: Run, programs: Programs) -> None:
    execution = run(programs.greedy, limits=ENOUGH.model_copy(update={"memory_mb": 256}))
    assert execution.outcome is Outcome.MEMORY_EXCEEDED
    assert execution.resources.memory_mb_peak <= 257


def test_an_output_flood(run: Run, programs: Programs) -> None:
    execution = run(programs.flood, limits=ENOUGH.model_copy(update={"output_kb": 16}))
    assert execution.outcome is Outcome.OUTPUT_EXCEEDED
    assert len(execution.stdout) <= 16 * 1024
    assert execution.stdout_truncated
