"""What each tool does for a caller: through the client, within its allowance, and on its owner's batches only."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from threading import Lock
from typing import Any

from windtunnel.client import Client, is_job, results
from windtunnel.client.checking import check_ceiling, refused
from windtunnel.client.promotion import checked
from windtunnel.client.resolution import resolve
from windtunnel.client.stages import with_stages
from windtunnel.contract import Batch, BatchStatus, Isolation, Job, Limits, Report, Scoring
from windtunnel.errors import AlreadyPromoted, FieldProblem, IdempotencyConflict, InvalidInput, NotFound
from windtunnel.keyspace import batch_of, job_id
from windtunnel.mcp import answers
from windtunnel.mcp.access import Access
from windtunnel.records import Records
from windtunnel.records.allowances import Cost
from windtunnel.records.reading import unknown
from windtunnel.settings import Settings
from windtunnel.validation import SecurityValidator
from windtunnel.validation.remedies import for_job

ID = re.compile(r"[0-9a-f]{1,40}(-[0-9]{1,6})?")
MOST_CODE_BYTES, MOST_PARAMS_BYTES, MOST_JOBS, MOST_DATASETS = 256 * 1024, 4 * 1024, 1_000, 16
MOST_ROWS, MOST_LISTED, REPORTS_A_READ = 50, 30, 50
OUTPUT_KB = 64
"""Output kept of a program, since an answer has room for little of it."""
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Program:
    """A program, and the fields that its jobs share."""

    code: str
    name: str
    language: str
    datasets: Sequence[str]
    timeout_s: float
    memory_mb: int
    seed: int
    check_lookahead: bool = False
    scoring: Params = field(default_factory=dict)
    """See `contract.Scoring`."""
    stages: Sequence[Params] = ()
    """The stages of a cascade; see `contract.Stage`."""

    @property
    def slot_seconds(self) -> float:
        """What a job may use at most, since each stage has the whole time limit."""
        return self.timeout_s * (1 + len(self.stages))

    def batch(self, params: Sequence[Params], owner: str, isolation: Isolation) -> Batch:
        """A job for each parameter set; `InvalidInput` names what is wrong."""
        _check_code(self.code)
        _check_params(params)
        limits = Limits(timeout_s=self.timeout_s, memory_mb=self.memory_mb, output_kb=OUTPUT_KB)
        jobs = tuple(
            Job(
                code=self.code,
                params=dict(one),
                language=self.language,
                name=self.name,
                datasets=tuple(self.datasets),
                seed=self.seed,
                limits=limits,
                check_lookahead=self.check_lookahead,
                scoring=Scoring(**self.scoring),
            )
            for one in params
        )
        jobs = with_stages(jobs, self.stages) if self.stages else jobs
        return Batch(jobs=jobs, name=self.name, owner=owner, isolation=isolation)


class Tools:
    """The tools. Methods wait for Redis; each raises a `WindtunnelError` that says what to do."""

    def __init__(self, client: Client, records: Records, settings: Settings, validator: SecurityValidator) -> None:
        self._client, self._records, self._settings, self._validator = client, records, settings, validator
        self._one_batch_at_a_time = Lock()

    # -- changing ------------------------------------------------------------------------------------

    def run(self, access: Access, program: Program, params: Params, key: str | None) -> str:
        """Submit one program. Returns the job's id."""
        return job_id(self._submit(access, program, [params], Isolation.CONTAINER, key), 0)

    def submit_sweep(
        self,
        access: Access,
        program: Program,
        grid: Mapping[str, Sequence[Any]] | None,
        params: Sequence[Params] | None,
        key: str | None,
    ) -> dict[str, Any]:
        """Submit one program with many parameter sets. Returns the batch's status."""
        return self.status(access, self._submit(access, program, parameter_sets(grid, params), Isolation.CELL, key))

    def promote(self, access: Access, name: str) -> str:
        """Run a job's program once on held-out bars. Returns the id of the new job, or of the earlier run.

        It is charged like the job. `AlreadyPromoted` if the earlier run belongs to another owner.
        """
        self._own(access, name)
        report = self._client.report(name)
        try:
            holdouts = checked(report, self._records)
        except AlreadyPromoted as error:
            return self._promoted_before(access, error)
        digest = _digest("promote", access.owner, report.code_sha256, sorted(holdouts.values()))
        cost = Cost(jobs=1, slot_seconds=report.limits.timeout_s)
        charge = self._records.allowances.submission(access.token, access.allowance, cost, digest)
        job = self._client.promote(name, owner=access.owner)
        self._records.allowances.opened(charge, batch_of(job))
        return job

    def cancel(self, access: Access, name: str) -> dict[str, Any]:
        """Cancel a job or a batch; doing it twice is harmless."""
        self._own(access, name)
        return {"cancelled": self._client.cancel(name)}

    # -- reading -------------------------------------------------------------------------------------

    def validate(self, access: Access, code: str, language: str, datasets: Sequence[str]) -> dict[str, Any]:
        """Judge a program without running it."""
        _check_code(code)
        self._records.allowances.validation(access.token, access.allowance)
        libraries = self._records.hosts.libraries("") if language == "python" else ()
        verdict = for_job(self._validator.validate_code(code, language, libraries), datasets[:MOST_DATASETS])
        return answers.verdict(verdict, self._validator.format_prompt(verdict))

    def status(self, access: Access, name: str) -> dict[str, Any]:
        """Where a job or a batch stands."""
        batch = self._own(access, name)
        if not is_job(name):
            return answers.batch_status(batch)
        return answers.job_status(self._records.reading.job_statuses([name])[0])

    def report(self, access: Access, name: str) -> dict[str, Any]:
        """The report of a job."""
        self._own(access, name)
        return answers.report(self._client.report(name))

    def errors(self, access: Access, name: str) -> str:
        """The failures of a batch, or of one job, as text for the model that writes the programs."""
        batch = self._own(access, name)
        found = f"{answers.UNTRUSTED}\n{results.errors_prompt(self._records, self._reports(access, name))}"
        left = batch.total - batch.finished
        return f"{found}So far: {left:,} of the batch's {batch.total:,} jobs not finished.\n" if left else found

    def leaderboard(self, access: Access, name: str, most: int) -> dict[str, Any]:
        """The best jobs of a batch."""
        board = results.board(self._records, self._own(access, name), self._reports(access, name))
        return answers.leaderboard(board, max(1, min(most, MOST_ROWS)))

    def datasets(self, access: Access, name: str | None) -> dict[str, Any]:
        """What programs may read."""
        del access  # datasets are the deployment's
        found = [self._client.datasets.show(name)] if name else list(self._client.datasets.list())
        return answers.datasets(found, MOST_LISTED)

    def allowance(self, access: Access) -> dict[str, Any]:
        """What the caller has used today, and the most."""
        used, most = self._records.allowances.used(access.token), access.allowance
        return {
            "jobs": [used.jobs, most.jobs],
            "slot_seconds": [round(used.slot_seconds, 1), most.slot_seconds],
            "validations": [used.validations, most.validations],
        }

    # ------------------------------------------------------------------------------------------------

    def _promoted_before(self, access: Access, error: AlreadyPromoted) -> str:
        try:
            self._own(access, error.existing)
        except NotFound:
            raise AlreadyPromoted("an earlier job", error.result) from error
        return error.existing

    def _submit(
        self, access: Access, program: Program, params: Sequence[Params], isolation: Isolation, key: str | None
    ) -> str:
        batch = program.batch(params, access.owner, isolation)
        job = batch.jobs[0]  # its jobs differ in their parameters only
        content = [batch.digest, *self._checked(job)]
        # Owners share the records, so a caller's key must never meet another's.
        batch = batch.model_copy(update={"idempotency_key": f"mcp-{_digest(access.owner, key or content)}"})
        charge = self._records.allowances.submission(
            access.token,
            access.allowance,
            Cost(jobs=len(batch.jobs), slot_seconds=len(batch.jobs) * program.slot_seconds),
            _digest(batch.idempotency_key, content),
        )
        try:
            batch_id = self._client.submit_batch(batch)
        except IdempotencyConflict as error:  # it names the key as it is stored
            raise InvalidInput(
                [FieldProblem("idempotency_key", f"{key!r} already stands for {error.existing}, with other content")],
                remedy="Use a new key for new content.",
            ) from error
        self._records.allowances.opened(charge, batch_id)
        return batch_id

    def _checked(self, job: Job) -> list[tuple[str, str]]:
        """The digests of the job's datasets. Whatever could be refused is checked before anything is charged."""
        check_ceiling([job], self._settings.ceiling, "")
        return sorted((resolve([job], self._records.catalogue) or [{}])[0].items())

    def _own(self, access: Access, name: str) -> BatchStatus:
        """The batch of this job or batch, if it belongs to the caller's owner; otherwise `NotFound`."""
        if not ID.fullmatch(name):
            raise InvalidInput([FieldProblem("id", "is not the id of a job or batch")], remedy="Give it as returned.")
        what, batch = ("job", batch_of(name)) if is_job(name) else ("batch", name)
        try:
            found = self._records.reading.batch_status(batch)
        except NotFound:
            raise unknown(what, name) from None  # the same text as for another owner's
        if found.owner != access.owner:
            raise unknown(what, name)
        return found

    def _reports(self, access: Access, name: str) -> list[Report]:
        """A batch's reports without the programs' output and values, which together could be too large for memory."""
        batch = self._own(access, name)
        if is_job(name):
            return [self._client.report(name)]
        if batch.total > MOST_JOBS:
            problem = FieldProblem("id", f"has {batch.total:,} jobs; of a batch at most {MOST_JOBS:,} are read")
            raise InvalidInput([problem], remedy="Ask for single jobs.")
        ids = [job_id(name, index) for index in range(batch.total)]
        with self._one_batch_at_a_time:
            return [
                _light(found)
                for start in range(0, len(ids), REPORTS_A_READ)
                for found in self._records.reports.reports(ids[start : start + REPORTS_A_READ])
                if isinstance(found, Report)
            ]


def _light(report: Report) -> Report:
    report = results.without_output(report)
    if report.execution is None:
        return report
    return report.model_copy(update={"execution": report.execution.model_copy(update={"values": {}, "artifacts": ()})})


def parameter_sets(grid: Mapping[str, Sequence[Any]] | None, params: Sequence[Params] | None) -> list[Params]:
    """The parameter sets of a sweep: every combination of a grid, or the given ones."""
    if bool(grid) == bool(params):
        raise InvalidInput([FieldProblem("grid", "give either `grid` or `params`, and not empty")])
    count = prod(len(values) for values in grid.values()) if grid else len(params or ())
    if not 1 <= count <= MOST_JOBS:
        raise refused("grid" if grid else "params", f"makes {count:,} jobs; 1 to {MOST_JOBS:,} are allowed")
    if grid:
        return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    return list(params or ())


def _check_code(code: str) -> None:
    if len(code.encode(errors="replace")) > MOST_CODE_BYTES:
        raise InvalidInput([FieldProblem("code", f"is larger than {MOST_CODE_BYTES:,} bytes")])


def _check_params(params: Sequence[Params]) -> None:
    for one in params:
        if len(json.dumps(one)) > MOST_PARAMS_BYTES:
            raise InvalidInput([FieldProblem("params", f"a set is larger than {MOST_PARAMS_BYTES:,} bytes of JSON")])


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
