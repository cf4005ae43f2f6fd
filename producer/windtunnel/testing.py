"""A whole Windtunnel in one process, for tests of apps: no Redis, no Docker, no workers.

The records run the same scripts and the pipeline is the real one; only the executions are scripted. Needs the extra
`worker`.

>>> from windtunnel.testing import Tunnel, succeeded
>>> tunnel = Tunnel(lambda assignment: succeeded(sharpe=assignment.job.params["fast"] / 10))
>>> batch = tunnel.client.submit_batch([{"code": "print(1)", "params": {"fast": 5}}])
>>> [report.execution.values for report in tunnel.client.reports(batch)]
[{'sharpe': 0.5}]
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from windtunnel.client import Client
from windtunnel.contract import DatasetVersion, Execution, Facts, Outcome, Resources
from windtunnel.errors import FieldProblem, InvalidInput, SandboxError, StoreUnavailable
from windtunnel.records.hosts import EVERYTHING
from windtunnel.records.memory import records_in_memory
from windtunnel.settings import Settings
from windtunnel.store import Store
from windtunnel.validation import SecurityValidator
from windtunnel.wake import DEFAULT_POOL, Silent

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from windtunnel_worker.pipeline.collaborators import Scorer
    from windtunnel_worker.sandbox.assignment import Assignment, Hooks

HOST = "testing"
CACHE_BYTES = 64 * 2**20
Script = Callable[["Assignment"], Execution]


def succeeded(**values: Any) -> Execution:
    """An execution that emitted these values."""
    return Execution(attempt=1, outcome=Outcome.SUCCEEDED, values=values, resources=Resources(duration_s=0.01))


def returned(times: ArrayLike, positions: ArrayLike, *datasets: str) -> Execution:
    """An execution whose `signals` returned these positions (bars, datasets) at these times."""
    import numpy as np

    from windtunnel_worker.scoring.returned import pack

    bars = np.asarray(times, dtype="datetime64[ns]").astype(np.int64)
    weights = np.asarray(positions, dtype=np.float64).reshape(len(bars), len(datasets))
    return succeeded().model_copy(update={"positions": pack(bars, weights, datasets)})


def ended(outcome: Outcome | str, message: str = "As the test scripted it.") -> Execution:
    """An execution that ended in another way."""
    return Execution(attempt=1, outcome=outcome, message=message)


class Tunnel:
    """A client over a pipeline in this process. `script` decides how each attempt ends; without it, all succeed.

    Jobs run within the call that submits them; with `paused=True`, when `run` is called. `datasets` are names that jobs
    may use, without any data. Datasets added with `client.datasets.add` do have data, and an attempt that `returned`
    positions on one is scored. `AsyncClient(sync=tunnel.client)` is for an app that uses asyncio.

    A `windtunnel.errors.SandboxError` that the script raises is a fault of the machinery, and the attempt is repeated.
    Anything else that it raises is a mistake in the test, and is raised by the call that ran the job.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        paused: bool = False,
        datasets: Iterable[str] = (),
        settings: Settings | None = None,
    ) -> None:
        from windtunnel_worker.pipeline import Pipeline, Terms

        if isinstance(datasets, str):
            raise InvalidInput([FieldProblem("datasets", f"is a text; give a list of names: [{datasets!r}]")])
        self._one_at_a_time = threading.RLock()
        self._mistakes: list[Exception] = []
        self._pools = {DEFAULT_POOL}
        self._wake = _Finalizing(self)
        settings = settings or Settings()
        self.records = records_in_memory(
            settings.key_prefix, settings.retention_s, archiving=settings.archive_url is not None
        )
        self.store = Store(f"memory://windtunnel-{secrets.token_hex(8)}")
        """Holds the bytes of datasets, and of artifacts that a script puts there."""
        self.pipeline = Pipeline(
            self.records,
            session=f"{HOST}:0:0",
            validator=SecurityValidator,
            executor=lambda: _Scripted(script or (lambda _: succeeded()), self._mistakes),
            scorer=self._scorer,
            wake=self._wake,
            terms=Terms(retry_pause_s=0.0, failures_to_pause=None, gather_s=0.0),
            observer=lambda *_, **__: None,
        )
        broker = _Inline(self, paused=paused)
        self.client = Client(settings=settings, records=self.records, broker=broker, store=self.store)
        for name in datasets:
            self.records.catalogue.add(_empty(name))

    def _scorer(self) -> Scorer:
        from windtunnel_worker.prices import PriceScorer

        return PriceScorer(self.store, CACHE_BYTES)

    def run(self) -> None:
        """Run every waiting job to its report. Raises what the script raised, if that was a mistake in it."""
        with self._one_at_a_time:
            self._wake.on = True
            while True:
                passed = self.pipeline.validate()
                self._pools |= set(passed.ready)
                self.records.hosts.seen(HOST, 1, "testing", sorted(self._pools), [EVERYTHING])
                ran = [job for pool in sorted(self._pools) for job in self.pipeline.execute(pool)]
                if not (self.pipeline.finalize() or ran or passed.ready):
                    break
            self._wake.on = False
            mistakes = self._mistakes.copy()
            self._mistakes.clear()
            if mistakes:
                raise mistakes[0]


def _empty(name: str) -> DatasetVersion:
    """A dataset without bytes; its digest is that of its name."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return DatasetVersion(
        name=name, version=1, sha256=sha256, format="csv", bytes=0, facts=Facts(rows=0), added_at=datetime.now(UTC)
    )


class _Inline(Silent):
    """Runs the pipeline before the client's call returns; while paused, only the reports of cancelled jobs."""

    def __init__(self, tunnel: Tunnel, *, paused: bool) -> None:
        self._tunnel, self._paused = tunnel, paused

    def validate(self, batch_id: str, messages: int = 1) -> None:
        del batch_id, messages
        if not self._paused:
            self._tunnel.run()

    def finalize(self) -> None:
        with self._tunnel._one_at_a_time:
            self._tunnel.pipeline.finalize()


class _Finalizing(Silent):
    """Writes a job's report before the next one runs, so that budgets and breakers stop a batch as in a deployment.

    Only during `Tunnel.run`: a test that calls the stages itself decides what runs when.
    """

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel, self.on = tunnel, False

    def finalize(self) -> None:
        if self.on:
            self._tunnel.pipeline.finalize()


class _Scripted:
    """An executor whose attempts end as a script decides. Mistakes in the script are put on a list."""

    def __init__(self, script: Script, mistakes: list[Exception]) -> None:
        self._script, self._mistakes = script, mistakes

    def execute(self, assignment: Assignment, hooks: Hooks) -> Execution:
        del hooks
        try:
            execution = self._script(assignment)
            if not isinstance(execution, Execution):
                raise TypeError(
                    f"The script returned {execution!r}; let it return succeeded(...), returned(...) or ended(...)."
                )
        except (SandboxError, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - the test that wrote the script has to see it
            self._mistakes.append(error)
            execution = ended(Outcome.FAILED, "The test's script raised an exception.")
        found = {"attempt": assignment.attempt, "host": HOST, "dataset_digests": assignment.job.dataset_digests}
        return execution.model_copy(update=found)

    def warm_up(self) -> None:
        """Do nothing."""

    def rest(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
