"""Runs the same backtest in one of several sandboxes, as often as it is told.

`contenders.py NAME` is one worker. It reads a JSON configuration from its first line of stdin, says `ready`, and then
answers each further line with one line: given `{"seconds": s, "jobs": n}` it runs jobs, one after the other, until both
that time is over and that many jobs are done, and returns when each began and ended. Only the standard library is
imported until a contender is built, since each lives in an environment of its own.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

DATA = "/data/sp500.csv"
PRELUDE = f"""
import pandas
data = {{"sp500": pandas.read_csv("{DATA}", index_col=0, parse_dates=True)}}
params = {{}}
def emit(**values):
    print(values)
"""
"""What Windtunnel gives to a strategy and the others do not."""


class Contender:
    """One way to run a program. `run` returns what the program printed, or raises."""

    def __init__(self, config: dict[str, str]) -> None:
        self.config = config
        self.program = PRELUDE + config["code"]

    def run(self) -> str:
        """Run one job from nothing to its output."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave nothing behind."""


class DockerLoop(Contender):
    """Docker's create, start, wait and remove, with no network and otherwise Docker's defaults."""

    hardened = False

    def __init__(self, config: dict[str, str]) -> None:
        super().__init__(config)
        self._api = import_module("docker").from_env().api
        mount = import_module("docker").types.Mount(DATA, config["data"], type="bind", read_only=True)
        options: dict[str, Any] = {"network_mode": "none", "mounts": [mount]}
        if self.hardened:
            hardening = import_module("windtunnel_worker.sandbox.hardening")
            limits = import_module("windtunnel_worker.sandbox.limits").SandboxLimits.of(
                import_module("windtunnel.contract").Limits()
            )
            options = hardening.host_config(limits, {DATA: config["data"]})
        self._host_config = self._api.create_host_config(**options)

    def run(self) -> str:
        """The output is not fetched: the loop stays as bare as it can be."""
        container = self._api.create_container(
            self.config["image"],
            entrypoint=["python3", "-c", self.program],
            host_config=self._host_config,
        )["Id"]
        try:
            self._api.start(container)
            status = self._api.wait(container)["StatusCode"]
        finally:
            self._api.remove_container(container, force=True)
        if status != 0:
            raise RuntimeError(f"exit code {status}")
        return self.config["expected"]


class HardenedDockerLoop(DockerLoop):
    """The same with every protection of our sandboxes."""

    hardened = True


class LlmSandbox(Contender):
    """llm-sandbox, a session for each job. Its set-up step, which needs a network, is left out."""

    def __init__(self, config: dict[str, str]) -> None:
        super().__init__(config)
        self._library = import_module("llm_sandbox")
        mount = import_module("docker").types.Mount(DATA, config["data"], type="bind", read_only=True)
        self._options = {
            "lang": "python",
            "image": config["peers_image"],
            "skip_environment_setup": True,
            "runtime_configs": {"network_mode": "none", "mounts": [mount]},
        }

    def run(self) -> str:
        """Open, run, close."""
        return self._in_session(**self._options)

    def _in_session(self, **options: Any) -> str:
        with self._library.SandboxSession(**options) as session:
            result = session.run(self.program)
        if result.exit_code != 0:
            raise RuntimeError(result.stderr or result.stdout)
        return str(result.stdout)


class PooledLlmSandbox(LlmSandbox):
    """llm-sandbox with its pool: a container is used again and again."""

    def __init__(self, config: dict[str, str]) -> None:
        super().__init__(config)
        pool = import_module("llm_sandbox.pool")
        sizes = pool.PoolConfig(min_pool_size=1, max_pool_size=1)
        self._pool = pool.create_pool_manager(config=sizes, **self._options)

    def run(self) -> str:
        """Take a container from the pool, run, give it back."""
        return self._in_session(lang="python", pool=self._pool)

    def close(self) -> None:
        """Remove the pool's container."""
        self._pool.close()


class AutoGen(Contender):
    """AutoGen's Docker executor, one for each job."""

    def __init__(self, config: dict[str, str]) -> None:
        super().__init__(config)
        self._runner = import_module("asyncio").Runner()
        self._module = import_module("autogen_ext.code_executors.docker")
        core = import_module("autogen_core")
        blocks = import_module("autogen_core.code_executor")
        self._token, self._block = core.CancellationToken, blocks.CodeBlock
        # It has no option for it: like all others, it gets no network, which also makes its start faster.
        containers = import_module("docker.models.containers").ContainerCollection
        containers.create = functools.partialmethod(containers.create, network_mode="none")
        self._directory = tempfile.TemporaryDirectory()

    def _executor(self) -> Any:
        return self._module.DockerCommandLineCodeExecutor(
            image=self.config["peers_image"],
            work_dir=self._directory.name,
            extra_volumes={self.config["data"]: {"bind": DATA, "mode": "ro"}},
        )

    async def _execute(self, executor: Any) -> str:
        block = self._block(code=self.program, language="python")
        result = await executor.execute_code_blocks([block], self._token())
        if result.exit_code != 0:
            raise RuntimeError(result.output)
        return str(result.output)

    async def _once(self) -> str:
        async with self._executor() as executor:
            return await self._execute(executor)

    def run(self) -> str:
        """Start, execute, stop."""
        return str(self._runner.run(self._once()))

    def close(self) -> None:
        """End the event loop and with it what hangs on it."""
        self._runner.close()
        self._directory.cleanup()


class ReusedAutoGen(AutoGen):
    """AutoGen's Docker executor, one for all jobs."""

    def __init__(self, config: dict[str, str]) -> None:
        super().__init__(config)
        self._shared = self._executor()
        self._runner.run(self._shared.start())

    def run(self) -> str:
        """Execute in the same container."""
        return str(self._runner.run(self._execute(self._shared)))

    def close(self) -> None:
        """Stop the container first."""
        self._runner.run(self._shared.stop())
        super().close()


class Forks(Contender):
    """The limit: a fork of an interpreter with pandas and the dataset loaded; no users, no limits, no cleaning up."""

    def __init__(self, config: dict[str, str]) -> None:
        super().__init__(config)
        pandas = import_module("pandas")
        self._data = {"sp500": pandas.read_csv(DATA, index_col=0, parse_dates=True)}
        gc.freeze()

    def run(self) -> str:
        """Fork, compile, run, collect the output, reap."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            self._become(write)
        os.close(write)
        with open(read) as output:
            text = output.read()
        if os.waitpid(child, 0)[1] != 0:
            raise RuntimeError(text)
        return text

    def _become(self, write: int) -> None:
        status = 1
        try:
            os.dup2(write, 1)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            names = {"__name__": "__main__", "data": self._data, "params": {}, "emit": _emit}
            exec(compile(self.config["code"], "strategy.py", "exec"), names)  # noqa: S102 - the benchmark's own program
            sys.stdout.flush()
            status = 0
        finally:
            os._exit(status)


def _emit(**values: Any) -> None:
    print(values)


class OurContainer(Contender):
    """Windtunnel, container isolation, with the next sandbox prepared while a job runs."""

    isolation = "container"

    def __init__(self, config: dict[str, str]) -> None:
        super().__init__(config)
        contract = import_module("windtunnel.contract")
        sandbox = import_module("windtunnel_worker.sandbox")
        settings = import_module("windtunnel_worker.settings").HostSettings(
            host=config["host"],
            data_dir=config["data_dir"],
            store_url=f"{config['data_dir']}/store",
            default_image=config["image"],
        )
        self._executor = sandbox.Executor(settings, f"bench:{os.getpid()}", warm=True)
        self._succeeded = contract.Outcome.SUCCEEDED
        self._assignment = sandbox.Assignment(
            job_id="benchmark-0",
            attempt=1,
            job=contract.Job(
                code=config["code"], datasets=("sp500",), dataset_digests={"sp500": config["sha256"]}
            ),  # as the client writes it
            imports=("math", "pandas"),
            isolation=contract.Isolation(self.isolation),
            batch_id=f"bench-{os.getpid()}",
        )

    def run(self) -> str:
        """Execute one attempt, as a slot of a worker does."""
        execution = self._executor.execute(self._assignment)
        if execution.outcome is not self._succeeded:
            raise RuntimeError(f"{execution.outcome}: {execution.message}")
        return str(execution.stdout)

    def close(self) -> None:
        """Remove the prepared sandboxes."""
        self._executor.close()


class OurCell(OurContainer):
    """Windtunnel, cell isolation."""

    isolation = "cell"


CONTENDERS: dict[str, type[Contender]] = {
    "docker": DockerLoop,
    "docker-hardened": HardenedDockerLoop,
    "llm-sandbox": LlmSandbox,
    "llm-sandbox-pool": PooledLlmSandbox,
    "autogen": AutoGen,
    "autogen-reused": ReusedAutoGen,
    "forks": Forks,
    "container": OurContainer,
    "cell": OurCell,
}


def measure(contender: Contender, seconds: float, jobs: int) -> list[tuple[float, float]]:
    """When each job began and ended, on the machine's monotonic clock."""
    times: list[tuple[float, float]] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(times) < jobs:
        began = time.monotonic()
        output = contender.run()
        times.append((began, time.monotonic()))
        if contender.config["expected"] not in output:
            raise RuntimeError(f"the backtest printed something else: {output[:500]}")
    return times


def serve(name: str, say: Callable[[Any], None]) -> None:
    """Build one contender and run jobs as stdin says, until it ends."""
    contender = CONTENDERS[name](json.loads(sys.stdin.readline()))
    with contextlib.closing(contender):
        measure(contender, 0, 1)
        say("ready")
        for line in sys.stdin:
            say(measure(contender, **json.loads(line)))


def main() -> None:
    """Keep the answers apart from whatever a library prints."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    serve(sys.argv[1], say)


if __name__ == "__main__":
    main()
