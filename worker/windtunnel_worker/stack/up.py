"""Prepares a stack, which is all of Windtunnel on one host, and passes its plan on to the supervisor."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import NoReturn

from windtunnel.errors import SandboxFailure
from windtunnel.ports import require_free
from windtunnel.records import records_of
from windtunnel.records.failures import masked
from windtunnel.settings import URL_FILE
from windtunnel_worker.host_checks import confinement_checks, limit_check
from windtunnel_worker.recovery.reaper import remove_sandboxes
from windtunnel_worker.sandbox import images
from windtunnel_worker.sandbox.engine import engine, engine_errors
from windtunnel_worker.settings import HostSettings
from windtunnel_worker.stack import signals, supervisor
from windtunnel_worker.stack.plan import Program, StackPlan
from windtunnel_worker.stack.private_redis import PrivateRedis
from windtunnel_worker.stack.state import State
from windtunnel_worker.telemetry.wanted import tracing_for

ROLES = ("validate", "execute", "finalize")


@dataclass(frozen=True)
class Options:
    """The options of `windtunnel up`."""

    slots: int
    flower_port: int | None
    redis_port: int | None
    """Port of the private Redis; None: use the one of the settings."""
    state_dir: Path


def run(options: Options, settings: HostSettings) -> NoReturn:
    """Run the stack in place of this process, until Ctrl-C or TERM.

    Whatever makes a start impossible raises here, before anything is started or removed.
    """
    images.find(settings.default_image)
    _require_confinement(settings)
    _require_what_roles_load(settings)
    umask = os.umask(0o077)
    state = State(options.state_dir)
    host = f"{settings.host}.up-{state.instance()}"
    if options.flower_port is not None:
        require_free("--flower", options.flower_port)
    redis = PrivateRedis(state, options.redis_port, settings.redis_memory_mb) if options.redis_port else None
    url = redis.url if redis else settings.redis_url.get_secret_value()
    if redis is None:
        with closing(records_of(settings, retries=0)) as records:
            records.reading.ping()
    # The lock is ours: what is there was left by an earlier stack on this folder that was killed.
    remove_sandboxes(host)
    plan = StackPlan(
        logs=str(state.logs),
        roles=tuple(_roles(options, umask)),
        cleanup=_module("windtunnel_worker.stack.cleanup"),
        announcement=tuple(announcement(options, state, url)),
        lock=state.lock,
        redis=redis.program() if redis else None,
        address=redis.address if redis else None,
    )
    environment = {**os.environ, "WINDTUNNEL_REDIS_URL": url, "WINDTUNNEL_HOST": host}
    if redis:  # its password is in the URL; the file has another Redis's
        environment.pop("WINDTUNNEL_REDIS_PASSWORD_FILE", None)
    _become_supervisor(plan, environment)


def _require_confinement(settings: HostSettings) -> None:
    """Raise `SandboxFailure` where the Docker Engine lacks what each sandbox needs, so that every job would fail."""
    with engine_errors():
        info = engine().info()
    for found in (limit_check(info), *confinement_checks(info, settings)):
        if not found.well:
            raise SandboxFailure(f"No job could run here ({found.name}): {found.detail.removesuffix('.')}.")


def _require_what_roles_load(settings: HostSettings) -> None:
    """Raise what would end a role at each start: traces without their libraries, policies that cannot be read."""
    tracing_for(os.environ)
    if settings.policies:
        from windtunnel.validation import SecurityValidator

        SecurityValidator(policies=settings.policies).policy_id("python")


def _become_supervisor(plan: StackPlan, environment: dict[str, str]) -> NoReturn:
    """Replace this process, which has loaded what a supervisor does not need."""
    descriptor = os.memfd_create("plan")
    os.pwrite(descriptor, plan.to_json().encode(), 0)
    for kept in (descriptor, plan.lock):
        os.set_inheritable(kept, True)
    # From here on a signal waits until the supervisor listens.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals.STOP)
    sys.stdout.flush()
    os.execve(sys.executable, [*_module(supervisor.__name__), str(descriptor)], environment)


def _module(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *words)


def _roles(options: Options, umask: int) -> list[Program]:
    """Their files are the sandboxes' too, so they keep the user's umask; their logs are written by the supervisor."""
    roles = []
    for role in ROLES:
        more = {"execute": [f"--concurrency={options.slots}"], "finalize": ["--with-monitor"]}.get(role, [])
        roles.append(Program(role, _module("windtunnel_worker", role, *more), umask, reports=True))
    if options.flower_port is not None:
        command = _module("windtunnel_worker", "flower", f"--port={options.flower_port}")
        roles.append(Program("flower", command, umask))
    return roles


def announcement(options: Options, state: State, url: str) -> list[str]:
    """What `windtunnel up` prints once all of it is ready."""
    lines = [f"ready: {options.slots} slots, Redis at {masked(url)}"]
    file = state.folder / URL_FILE.name
    if options.redis_port is not None and file != URL_FILE.expanduser():
        lines.append(f'for clients: export WINDTUNNEL_REDIS_URL="$(cat {quote(str(file))})"')
    if options.flower_port is not None:
        lines.append(f"Flower: http://127.0.0.1:{options.flower_port}")
    return [*lines, f"logs: {state.logs}; Ctrl-C stops everything"]
