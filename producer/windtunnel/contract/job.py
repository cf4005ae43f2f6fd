"""What is submitted: a job, its limits, and a batch of jobs. May import base, catalogue, score, stage and errors."""

from __future__ import annotations

import hashlib
import json
import re
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, ValidationInfo, field_validator

from windtunnel.contract.base import IMAGE_PATTERN, NAME_PATTERN, Contract, Name
from windtunnel.contract.catalogue import Sha256
from windtunnel.contract.languages import LANGUAGES, SUFFIXES
from windtunnel.contract.score import Scoring
from windtunnel.contract.stage import Stage, StageRun
from windtunnel.errors import FieldProblem

MAX_CODE_BYTES = 1024 * 1024
MAX_PARAMS_BYTES = 256 * 1024
MAX_BATCH_JOBS = 100_000
FILE_NAME = re.compile(rf"[\w./\\: -]{{1,300}}({'|'.join(map(re.escape, SUFFIXES))})")
"""Of a program: given as its text by mistake."""


class Limits(Contract):
    """What one attempt may use. A job may ask for any limits up to the deployment's ceiling."""

    timeout_s: float = Field(30.0, ge=0.1, le=86_400)
    """Wall-clock seconds from the program's first line; preparing the sandbox does not count."""
    cpus: float = Field(1.0, ge=0.05, le=256)
    """Cores, as a quota."""
    cpu_time_s: float | None = Field(None, ge=1)
    """Seconds of processor time: of each process (RLIMIT_CPU, whole seconds), and of all together, which may take some
    three seconds more; None: only `timeout_s` limits it."""
    memory_mb: int = Field(512, ge=64, le=1024 * 1024)
    """Megabytes (2**20 bytes) of the whole sandbox: interpreter, libraries, `/tmp`. There is no swap."""
    processes: int = Field(100, ge=4, le=10_000)
    """Processes and threads together."""
    disk_mb: int = Field(100, ge=1, le=100_000)
    """Size of `/tmp`, the only writable place; it counts as memory too."""
    output_kb: int = Field(256, ge=1, le=16_384)
    """Kilobytes kept of stdout and of stderr each; the rest is drained and dropped."""
    io_operations: int | None = Field(10_000, ge=1)
    """Block-device reads and writes; None: unlimited."""

    def above(self, ceiling: Limits) -> list[FieldProblem]:
        """The limits that are higher than the ceiling's, as problems."""
        problems = []
        for name in type(self).model_fields:
            wanted, most = getattr(self, name), getattr(ceiling, name)
            if most is not None and (wanted is None or wanted > most):
                problems.append(
                    FieldProblem(f"limits.{name}", f"{wanted} is above this deployment's ceiling of {most}")
                )
        return problems


DEFAULT_CEILING = Limits.model_construct(
    timeout_s=600.0,
    cpus=4.0,
    memory_mb=4096,
    processes=100,
    disk_mb=1024,
    output_kb=4096,
    io_operations=None,
)


def _not_json(params: dict[str, JsonValue]) -> str:
    """The first parameter that cannot be written as JSON, name or value."""
    for name, value in params.items():
        try:
            json.dumps({name: value}, allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return name
    return ""


def _json_object(params: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        size = len(json.dumps(params, allow_nan=False, ensure_ascii=False).encode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"must be JSON, and {_not_json(params)!r} is not: {error}") from error
    if size > MAX_PARAMS_BYTES:
        raise ValueError(f"is {size:,} bytes of JSON; at most {MAX_PARAMS_BYTES:,} are allowed")
    return params


class JobSpec(Contract):
    """Everything about a job except the text of its program."""

    language: str = "python"
    name: Name = "job"
    """Shown in reports and tables; need not be unique."""
    params: Annotated[dict[str, JsonValue], AfterValidator(_json_object)] = Field(default_factory=dict)
    """The program's `params`; at most 256 KiB of JSON."""
    datasets: tuple[Name, ...] = Field((), max_length=64)
    """Names of the datasets in the program's `data`."""
    dataset_digests: dict[Name, Sha256] = Field(default_factory=dict)
    """The version of each dataset, by the digest of its file. The client fills in the newest version when the job is
    submitted; give a digest to use an older one."""
    aliases: dict[Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/]+$")], Name] = Field(
        default_factory=dict, max_length=64
    )
    """Other file names for its datasets, such as `{"data.csv": "prices"}`: a Python program that reads that file gets
    the dataset."""
    holdouts: dict[Name, Sha256] = Field(default_factory=dict)
    """For a promoted run: the digest of the whole series of each dataset. `Client.promote` fills it in. A program has
    only one such run, and only rounded figures come back (see `Promotion`)."""
    seed: int = Field(0, ge=0, le=2**32 - 1)
    """Seeds `random` and NumPy's global generator."""
    limits: Limits = Limits.model_construct()
    scoring: Scoring | None = None
    """How the positions returned by `signals` are scored; None: filled at the next close, without costs."""
    stages: tuple[Stage, ...] = Field((), max_length=8)
    """Runs on less data that come first. The job continues as long as its score reaches what each stage asks for."""
    passed: tuple[StageRun, ...] = Field((), max_length=8)
    """The stages it has passed. Windtunnel fills them in."""
    check_lookahead: bool = False
    """Also run it about thirty times on changed data, to see whether its positions know the future. All of these runs
    share the job's limits."""
    image: str | None = Field(None, max_length=256, pattern=IMAGE_PATTERN)
    """A sandbox image that the hosts allow; None: the host's default."""
    pool: Name = "default"
    """The hosts that may run it: those that serve this pool, for example `gpu`."""
    priority: int = Field(5, ge=0, le=9)
    """0 is served first, 9 last."""
    labels: dict[Name, Annotated[str, Field(max_length=256)]] = Field(default_factory=dict, max_length=32)
    """Labels of the submitter's own; the report has them too."""
    idempotency_key: str | None = Field(None, min_length=1, max_length=256)
    """A job submitted several times with the same key is stored and run once."""

    @field_validator("language")
    @classmethod
    def _language_known(cls, language: str) -> str:
        if language not in LANGUAGES:
            raise ValueError(f"{language!r} is not supported; there are: {', '.join(LANGUAGES)}")
        return language

    @field_validator("datasets", mode="before")
    @classmethod
    def _datasets_not_one_text(cls, datasets: object) -> object:
        if isinstance(datasets, str):
            example = datasets if re.fullmatch(NAME_PATTERN, datasets) else "sp500"
            raise ValueError(f'is a text, not a tuple of names; write ("{example}",)')
        return datasets

    @field_validator("dataset_digests")
    @classmethod
    def _digests_of_its_datasets(cls, digests: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        others = sorted(digests.keys() - set(info.data.get("datasets", ())))
        if others:
            raise ValueError(f"has {', '.join(others)}, which `datasets` does not name")
        return digests

    @field_validator("aliases")
    @classmethod
    def _aliases_of_its_datasets(cls, aliases: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        others = sorted(set(aliases.values()) - set(info.data.get("datasets", ())))
        if others:
            raise ValueError(f"stand for {', '.join(others)}, which `datasets` does not name")
        return aliases

    @field_validator("holdouts")
    @classmethod
    def _holdouts_of_all_datasets(cls, holdouts: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if holdouts and holdouts.keys() != set(info.data.get("datasets", ())):
            raise ValueError("must have each of `datasets` and no other")
        return holdouts

    @field_validator("stages")
    @classmethod
    def _stages_fit_the_job(cls, stages: tuple[Stage, ...], info: ValidationInfo) -> tuple[Stage, ...]:
        if stages and info.data.get("holdouts"):
            raise ValueError("do not go with `holdouts`")
        if stages and info.data.get("language", "python") != "python":
            raise ValueError("need positions to be scored, which only Python programs return")
        others = sorted({name for one in stages for name in one.datasets} - set(info.data.get("datasets", ())))
        if others:
            raise ValueError(f"name {', '.join(others)}, which `datasets` does not")
        return stages

    def current(self) -> Self:
        """The job as it runs at the stage it has reached."""
        if len(self.passed) >= len(self.stages):
            return self
        stage = self.stages[len(self.passed)]
        data = {"datasets": stage.datasets or self.datasets, "dataset_digests": stage.dataset_digests}
        return self.model_copy(update=data)

    @property
    def needs(self) -> str:
        """The image that a host must have to run it."""
        return f"image:{self.image}" if self.image else f"language:{self.language}"


class Job(JobSpec):
    """One strategy program and everything that decides its result."""

    code: str = Field(repr=False)
    """The program, UTF-8, at most 1 MiB. It runs as `__main__`."""

    @field_validator("code")
    @classmethod
    def _code_fits(cls, code: str) -> str:
        try:
            size = len(code.encode())
        except UnicodeEncodeError as error:
            raise ValueError(f"cannot be written as UTF-8: {error.reason}") from error
        if not code.strip():
            raise ValueError("is empty")
        if FILE_NAME.fullmatch(code.strip()):
            raise ValueError("is the name of a file; give its text, `Path(…).read_text()`")
        if size > MAX_CODE_BYTES:
            raise ValueError(f"is {size:,} bytes; at most {MAX_CODE_BYTES:,} are allowed")
        return code

    @property
    def code_sha256(self) -> str:
        """Hex digest of the exact bytes that are validated and run."""
        return hashlib.sha256(self.code.encode()).hexdigest()

    @property
    def digest(self) -> str:
        """Hex digest of the whole job, independent of the order of its keys.

        Defaults are left out, so a field added later does not change the digest.
        """
        what = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


class Isolation(StrEnum):
    """How the jobs of a batch are isolated from each other."""

    CONTAINER = "container"
    """A fresh container for each job."""
    CELL = "cell"
    """One container for several jobs of this batch, one after the other, each in its own process under its own user.
    They share the container's kernel namespaces; no process, file or memory passes from one to the next."""


class Budget(Contract):
    """What a batch may spend. When any part is used up, jobs that have not ended are cancelled; a retry starts anew."""

    wall_s: float | None = Field(None, gt=0, le=30 * 86_400)
    """Seconds from the submission after which waiting and running jobs are stopped."""
    slot_seconds: float | None = Field(None, gt=0)
    """Seconds of slots, all attempts together. Running jobs are stopped within two seconds; attempts that run at the
    same time may exceed the budget by what they have used since they began."""
    jobs: int | None = Field(None, ge=1)
    """Jobs that may start. Those that have started finish, with all their stages; the others are cancelled."""
    same_failure: int | None = Field(None, ge=1)
    """Stop if the first so many reports all have the same failure, which is then a mistake that all programs share."""


class Webhook(Contract):
    """The URL to notify when the batch, or each of its jobs, has ended; see `windtunnel.webhooks`.

    The operator must allow its host (`WINDTUNNEL_WEBHOOKS`). Requests that cannot be delivered become dead letters.
    """

    url: str = Field(max_length=2048)
    each: Literal["batch", "job"] = "batch"
    """`batch`: one request, when the batch ends; `job`: one for each job as well."""

    @field_validator("url")
    @classmethod
    def _usable(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not re.fullmatch(r"[!-~]+", url):
            raise ValueError("must look like https://host/path")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not carry a user or a password: requests are signed instead")
        if parts.port == 0:
            raise ValueError("has port 0")
        return url


class Batch(Contract):
    """Jobs submitted together, with one progress, one event stream and one summary."""

    jobs: tuple[Job, ...] = Field(min_length=1, max_length=MAX_BATCH_JOBS, repr=False)
    name: Name = "batch"
    owner: Name = "default"
    """Who submitted it. Owners share the slots fairly, however many batches each has."""
    isolation: Isolation = Isolation.CONTAINER
    max_running: int | None = Field(None, ge=1)
    """Jobs of the batch that may run at the same time; None: any number."""
    budget: Budget | None = None
    webhook: Webhook | None = None
    cache: bool = False
    """A job that equals an earlier or a running one gets that one's result (see `Client.submit_batch`)."""
    idempotency_key: str | None = Field(None, min_length=1, max_length=256)

    @property
    def digest(self) -> str:
        """Hex digest of the jobs in their order and of how they are isolated."""
        parts = (self.isolation, *(job.digest for job in self.jobs))
        return hashlib.sha256("".join(parts).encode()).hexdigest()
