"""Settings of an execution host: the client's, the sandbox's defaults and the worker's own."""

from __future__ import annotations

import os
import re
import socket
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, DirectoryPath, Field, SecretStr

from windtunnel.contract import Name
from windtunnel.contract.base import IMAGE_PATTERN
from windtunnel.settings import Settings, load
from windtunnel_worker.delivery.targets import Allowlist

_UNITS = {"": 1 / 2**20, "k": 1 / 1024, "m": 1, "g": 1024}


def parse_memory(size: str | int) -> int:
    """Whole megabytes from Docker's spelling of a size (`512m`, `1g`, bytes); a number is megabytes already."""
    if isinstance(size, int):
        return size
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?", str(size).strip().lower())
    if not match:
        raise ValueError(f"{size!r} is not a size; write for example 512m or 1g")
    return int(float(match[1]) * _UNITS[match[2]])


def _limit_mb(size: str | int) -> int:
    """As `parse_memory`, but a bare number below 2**20 is megabytes: no limit is that few bytes."""
    text = str(size).strip()
    return int(text) if text.isdecimal() and int(text) < 2**20 else parse_memory(size)


def _absolute(folder: str | Path) -> Path:
    if not str(folder).strip():
        raise ValueError("is empty; give a folder")
    return Path(os.path.expanduser(folder)).absolute()


def _images(template: str) -> str:
    """Refuse what gives no image's name."""
    try:
        name = template.format(language="go")
    except (LookupError, ValueError, AttributeError):
        name = ""
    if not re.fullmatch(IMAGE_PATTERN, name):
        raise ValueError("must be the name of an image, such as windtunnel/sandbox:{language}")
    return template


def _quarter_of_memory() -> int:
    """In megabytes."""
    return max(64, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 // 4)


def _allowlist(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse entries that are none."""
    Allowlist.of(entries)
    return entries


def _certificates(file: Path | None) -> Path | None:
    """Refuse a file from which no certificate can be read."""
    if file is None:
        return None
    from windtunnel_worker.delivery.request import trusting

    try:
        trusting(file)
    except OSError as error:
        raise ValueError(f"names a file without readable certificates: {error.strerror or error}") from error
    return file


Folder = Annotated[Path, BeforeValidator(_absolute)]
"""Where `~` may stand for the user's home; Docker and other workers need the whole path."""
SHIPPED_IMAGE = "windtunnel/sandbox:python"


class HostSettings(Settings):
    """Read from `WINDTUNNEL_*`; the defaults of `SandboxManager` also from `SANDBOX_DEFAULT_*`."""

    host: Name = Field(default_factory=lambda: re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()) or "host")
    """Name of this Docker host, which is part of its monitor queue and its containers' labels."""
    data_dir: Folder = Path("~/.local/share/windtunnel").expanduser()
    """The host's cache of datasets. The Docker daemon must see it under the same path."""
    dataset_cache_mb: int = Field(10_240, ge=1)
    """Size of that cache; the datasets unused for longest are removed first."""
    price_cache_mb: int = Field(256, ge=16)
    """Memory in which a finalizer keeps the prices that it scores jobs on."""
    lock_dir: Folder = Path("~/.local/share/windtunnel/locks").expanduser()
    """Lock files with which the workers of this machine take turns and GPUs; all of them must share the folder."""
    cgroup_root: Path = Path("/sys/fs/cgroup")
    default_image: str = Field(
        SHIPPED_IMAGE,
        pattern=IMAGE_PATTERN,
        validation_alias=AliasChoices("WINDTUNNEL_DEFAULT_IMAGE", "SANDBOX_DEFAULT_IMAGE"),
    )
    language_images: Annotated[str, AfterValidator(_images)] = "windtunnel/sandbox:{language}"
    """The images of the other languages."""
    allowed_images: tuple[Annotated[str, Field(pattern=IMAGE_PATTERN)], ...] = ()
    """Additional images that a job may name."""
    default_timeout_s: float = Field(
        30.0, gt=0, validation_alias=AliasChoices("WINDTUNNEL_DEFAULT_TIMEOUT_S", "SANDBOX_DEFAULT_TIMEOUT")
    )
    default_cpus: float = Field(
        1.0, gt=0, validation_alias=AliasChoices("WINDTUNNEL_DEFAULT_CPUS", "SANDBOX_DEFAULT_CPU_LIMIT")
    )
    default_memory_mb: Annotated[int, BeforeValidator(_limit_mb)] = Field(
        512,
        ge=64,
        validation_alias=AliasChoices("WINDTUNNEL_DEFAULT_MEMORY_MB", "SANDBOX_DEFAULT_MEMORY_LIMIT"),
    )
    runtime: str | None = None
    """Container runtime of the sandboxes, e.g. `runsc`; None: the daemon's default."""
    apparmor_profile: str | None = None
    """A loaded AppArmor profile; `deploy/apparmor` has one."""
    selinux_label: str | None = None
    """An SELinux type for the sandboxes."""
    gpus: tuple[str, ...] = ()
    """GPUs of this host, by index or UUID, as a JSON list; each slot gets one of its own."""
    trust: Literal["own", "customers", "anyone"] = "own"
    """Whose programs this host runs; `windtunnel doctor` reports settings that do not fit."""
    log_format: Literal["console", "json"] = "console"
    """How the roles write their logs."""
    strict: bool = True
    """Reject findings of level HIGH as well as CRITICAL."""
    policies: Annotated[DirectoryPath, BeforeValidator(_absolute)] | None = None
    """A folder with validation policies of your own (`python.toml` …); languages it lacks use the shipped ones."""
    pools: tuple[Name, ...] = Field(("default",), min_length=1)
    """The pools whose jobs this host runs, as a JSON list, e.g. `["default", "gpu"]`."""
    lease_s: float = Field(15.0, ge=3, le=3600)
    """Seconds a slot may be silent before its jobs are taken back."""
    max_attempts: int = Field(3, ge=1, le=20)
    """Attempts of a job in one round: the first, and those after faults of the machinery."""
    retry_pause_s: float = Field(2.0, ge=0)
    """Pause before the second attempt; it doubles with each further one, with jitter."""
    creations: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Sandboxes that may be created on this host at the same time, however many are running."""
    redis_memory_mb: int = Field(default_factory=_quarter_of_memory, ge=64)
    """Memory limit of the private Redis of `windtunnel up`; when it is full, `submit` raises until records expire."""
    cell_jobs: int = Field(1000, ge=2, le=10_000)
    """Jobs of one batch that a cell serves before it is replaced."""
    artifacts: int = Field(64, ge=0, le=1000)
    """Files that come back from a program's working folder, at most."""
    artifact_mb: int = Field(8, ge=1, le=256)
    """The largest of these files."""
    artifacts_mb: int = Field(16, ge=1, le=256)
    """All of these files together, which is also the memory that a slot may need for them."""
    archive_after_s: float = Field(60.0, ge=1)
    """How long a report waits to share an archive file with others."""
    webhooks: Annotated[tuple[str, ...], AfterValidator(_allowlist)] = ()
    """Where webhooks may be sent, as a JSON list: `["hooks.example.com", "10.0.0.0/8"]`; see `delivery.targets`."""
    webhook_ca: Annotated[Path | None, AfterValidator(_certificates)] = None
    """A PEM file with additional certificate authorities to trust."""
    webhook_secret: SecretStr | None = None
    """The secret that webhooks are signed with; without it none are sent."""
    sample_interval_s: float = Field(0.2, ge=0.02)
    """Between two samples of a running sandbox."""

    def image_for(self, language: str) -> str:
        """The image for programs of this language whose job does not name one."""
        return self.default_image if language == "python" else self.language_images.format(language=language)


@lru_cache(maxsize=1)
def host_settings() -> HostSettings:
    """The settings of this process's host, read once."""
    return load(HostSettings)
