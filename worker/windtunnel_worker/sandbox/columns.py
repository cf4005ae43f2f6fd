"""Keeps a dataset's columns as Arrow memory: a sandbox maps that in a fraction of the time that parsing takes."""

from __future__ import annotations

import logging
import math
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from windtunnel.errors import SandboxError
from windtunnel_worker.sandbox import hardening, images
from windtunnel_worker.sandbox.container import create
from windtunnel_worker.sandbox.engine import engine, engine_errors
from windtunnel_worker.sandbox.limits import SandboxLimits
from windtunnel_worker.sandbox.listing import labels_for, remove_sandbox
from windtunnel_worker.settings import HostSettings

log = logging.getLogger(__name__)

PROGRAM = ["python3", "-P", "-s", "-B", "/opt/windtunnel/columns.py"]
TARGET = "columns.arrow"


def converter(settings: HostSettings) -> Callable[[Path, Path], bool]:
    """What `DatasetRegistry.add` needs to make columns of a file; it returns False where none can be made.

    The file is parsed by the image's own pandas, with a sandbox's protections and one directory to write to: what a
    program gets from the columns is what it would have got from the file.
    """

    def convert(source: Path, target: Path) -> bool:
        try:
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                return _run(settings, source, folder) and _take(Path(folder) / TARGET, target)
        except SandboxError as error:
            log.warning("action=columns-not-made file=%s reason=%s", source, error)
            return False

    return convert


def _run(settings: HostSettings, source: Path, folder: str) -> bool:
    os.chmod(folder, 0o777)  # noqa: S103 - its user is another one than this process
    image = images.find(settings.default_image)
    mounted = f"/data/source{source.suffix}"
    options = hardening.host_config(SandboxLimits.of(settings.ceiling), {mounted: str(source)}, warden=False)
    options["mounts"].append(hardening.bind_mount("/columns", folder, read_only=False))
    timeout_s = math.ceil(settings.ceiling.timeout_s)
    with engine_errors(image.name):
        container = create(
            image.digest,
            options,
            name=f"windtunnel-columns-{secrets.token_hex(6)}",
            labels=labels_for(settings.host, f"columns:{os.getpid()}", time.time() + 2 * timeout_s),
            entrypoint=PROGRAM,
            command=[mounted, f"/columns/{TARGET}"],
            user=hardening.USER,
        )
    try:
        with engine_errors(image.name):
            engine().api.start(container)
            return bool(engine().api.wait(container, timeout=timeout_s)["StatusCode"] == 0)
    finally:
        remove_sandbox(container)


def _take(made: Path, target: Path) -> bool:
    """Copy what the sandbox wrote into a file of our own; only a regular file counts."""
    with open(os.open(made, os.O_RDONLY | os.O_NOFOLLOW), "rb") as written, target.open("wb") as kept:
        shutil.copyfileobj(written, kept, 1024 * 1024)
    return True
