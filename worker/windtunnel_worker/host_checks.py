"""What `windtunnel doctor` checks on an execution host. Each check says how to fix what is wrong."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from windtunnel.archive import SETTING
from windtunnel.cli.checks import Check, check
from windtunnel.contract import LANGUAGES, DatasetVersion
from windtunnel.errors import HostFeatureMissing, ObjectUnusable, SandboxFailure, StoreUnavailable
from windtunnel.records import records_of
from windtunnel.records.failures import masked
from windtunnel.store import Store
from windtunnel_worker.settings import HostSettings
from windtunnel_worker.telemetry.wanted import traces_endpoint, tracing_for
from windtunnel_worker.trust import misfits
from windtunnel_worker.variables import without_effect

LEAST_FREE_BYTES = 2 * 2**30
LEAST_FREE_SHARE = 0.05
MOST_CLOCK_ERROR_S = 2.0
DATASETS_LOOKED_FOR = 20
REACH_S = 3.0
"""How long a server that should listen may take to accept a connection."""
PROBE = ".windtunnel-doctor"
"""A file that is written into the store and the archive and removed again."""


def host_checks(settings: HostSettings) -> list[Check]:
    """All checks of an execution host."""
    from windtunnel_worker.sandbox import images
    from windtunnel_worker.sandbox.engine import engine, engine_errors, engine_version

    image = settings.default_image
    docker = check("Docker", engine_version)
    found, folders = [docker], [settings.data_dir]
    if docker.well:
        with engine_errors():
            info = engine().info()
        folders.append(Path(info.get("DockerRootDir") or "/"))
        found += [check(f"image {image}", lambda: images.find(image).digest[:19]), limit_check(info)]
        found += confinement_checks(info, settings)
    return [
        *found,
        _trust(settings),
        _variables(os.environ),
        webhook_check(settings),
        check("traces", lambda: collector(os.environ)),
        disk_check(*folders),
        _writable("WINDTUNNEL_DATA_DIR", settings.data_dir),
        _writable("WINDTUNNEL_LOCK_DIR", settings.lock_dir),
        store_check(settings),
        *archive_folder(settings),
        check("policies", lambda: _policies(settings)),
        _measured(settings.cgroup_root),
        _memory(settings),
        check("clock", lambda: _clock(settings)) if records_answer(settings) else Check("clock", True, "not compared"),
    ]


def records_answer(settings: HostSettings) -> bool:
    """Whether Redis answers."""
    with closing(records_of(settings, retries=0)) as records:
        return check("Redis", records.reading.ping).well


def limit_check(info: Mapping[str, Any]) -> Check:
    """Which limits the Docker Engine says that it cannot enforce."""
    names = {"MemoryLimit": "memory", "SwapLimit": "swap", "PidsLimit": "processes", "CpuCfsQuota": "cpus"}
    missing = [text for name, text in names.items() if not info.get(name)]
    if missing == ["swap"]:
        return Check("limits", True, "swap is not limited; turn it off on this host (swapoff -a)")
    if missing:
        return Check(
            "limits",
            False,
            f"Docker cannot limit {', '.join(missing)}, and no job runs here. Rootless engines need the controllers "
            "delegated to them (systemd: Delegate=cpu memory pids); others need cgroup v2 or these v1 controllers.",
        )
    return Check("limits", True, "memory, processes and processors can be limited")


def confinement_checks(info: Mapping[str, Any], settings: HostSettings) -> list[Check]:
    """What confines sandboxes and is not there, as far as the Docker Engine tells; each such job would fail."""
    options = " ".join(info.get("SecurityOptions") or ())
    runtimes = info.get("Runtimes") or {}
    found = []
    if "name=seccomp" not in options:
        why = "Docker cannot filter system calls, and no job runs here: use a kernel and an engine with seccomp"
        found.append(Check("seccomp", False, why))
    if settings.apparmor_profile and "name=apparmor" not in options:
        why = "the kernel has no AppArmor, so no job runs here: unset WINDTUNNEL_APPARMOR_PROFILE or turn AppArmor on"
        found.append(Check("AppArmor", False, why))
    if settings.runtime and settings.runtime not in runtimes:
        why = f"Docker has no runtime {settings.runtime}, only {', '.join(sorted(runtimes))}: install it"
        found.append(Check("runtime", False, f"{why} (deploy/runsc.sh for gVisor) or correct WINDTUNNEL_RUNTIME"))
    default = str(info.get("DefaultRuntime") or "")
    if not settings.runtime and "runsc" in default:
        why = f"Docker's default is {default}, which needs more than the job's limits: set WINDTUNNEL_RUNTIME={default}"
        found.append(Check("runtime", False, why))
    return found


def _policies(settings: HostSettings) -> str:
    from windtunnel.validation import SecurityValidator

    validator = SecurityValidator(policies=settings.policies)
    for language in LANGUAGES:
        validator.policy_id(language)
    return str(settings.policies or "the shipped ones")


def _measured(root: Path) -> Check:
    well = any((root / name).exists() for name in ("cgroup.controllers", "memory"))
    why = f"{root} holds no control groups, so nothing is measured here: mount them, or correct WINDTUNNEL_CGROUP_ROOT"
    return Check("control groups", well, str(root) if well else why)


def _trust(settings: HostSettings) -> Check:
    found = misfits(settings)
    return Check("trust", not found, f"{settings.trust}: {'; '.join(found) or 'the settings fit'}")


def _variables(names: Iterable[str]) -> Check:
    found = without_effect(names)
    return Check(
        "settings", not found, f"no effect: {', '.join(found)}; correct or unset" if found else "all are known"
    )


def webhook_check(settings: HostSettings) -> Check:
    """Whether webhooks have both that they need, or neither."""
    secret = settings.webhook_secret is not None and bool(settings.webhook_secret.get_secret_value())
    if settings.webhooks and not secret:
        return Check("webhooks", False, "none can be signed: set WINDTUNNEL_WEBHOOK_SECRET where finalize runs")
    if secret and not settings.webhooks:
        return Check("webhooks", False, "none may be sent anywhere: name the receivers in WINDTUNNEL_WEBHOOKS")
    return Check("webhooks", True, f"to {', '.join(settings.webhooks)}" if secret else "none are sent from here")


def collector(environment: Mapping[str, str]) -> str:
    """Where this host sends traces; `HostFeatureMissing` if it cannot, as nothing listens there."""
    if tracing_for(environment) is None:
        return "none are sent from here"
    endpoint = traces_endpoint(environment)
    try:
        url = urlsplit(endpoint)
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        socket.create_connection((url.hostname or "", port), timeout=REACH_S).close()
    except (OSError, ValueError, KeyError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else "it is not the URL of an HTTP server"
        raise HostFeatureMissing(
            f"No traces can be sent to {masked(endpoint)}: {reason}.",
            remedy="Start the collector there, or correct OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP, port 4318).",
        ) from error
    return f"to {masked(endpoint)}"


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest of its parents that exists."""
    return next(one for one in (folder, *folder.parents) if os.path.exists(one))


def disk_check(*folders: Path) -> Check:
    """Whether the disk of each of these folders has room."""
    places = {os.stat(place).st_dev: place for place in map(_nearest, folders)}
    usages = {place: shutil.disk_usage(place) for place in places.values()}
    free = ", ".join(f"{usage.free / 2**30:.1f} GB free below {place}" for place, usage in usages.items())
    well = all(one.free >= max(LEAST_FREE_BYTES, LEAST_FREE_SHARE * one.total) for one in usages.values())
    return Check("disk", well, free if well else f"{free}: remove images and old data (docker system prune)")


def _writable(variable: str, folder: Path) -> Check:
    place = _nearest(folder)
    well = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return Check(variable, well, str(folder) if well else f"{place} cannot be written by this user; chown it")


def archive_folder(settings: HostSettings) -> list[Check]:
    """Whether this host can write into the archive, if it knows of one."""
    if settings.archive_url is None:
        return []
    store = Store(settings.archive_url.get_secret_value(), setting=SETTING)
    return [check("archive's folder", lambda: _written(store))]


def _written(store: Store) -> str:
    store.write(PROBE, b"")
    store.remove(PROBE)
    return store.name


def store_check(settings: HostSettings) -> Check:
    """Whether this host can write into the store, and the store has the newest datasets."""
    return check("store", lambda: _store(settings))


def _store(settings: HostSettings) -> str:
    store = Store(settings.store_url.get_secret_value())
    _written(store)
    newest: Sequence[DatasetVersion] = ()
    with suppress(StoreUnavailable), closing(records_of(settings, retries=0)) as records:  # Redis has its own check
        newest = records.catalogue.all()[:DATASETS_LOOKED_FOR]
    lacking = [one.name for one in newest if not store.has(one.sha256)]
    if lacking:
        raise ObjectUnusable(
            f"{store.name} lacks the datasets {', '.join(lacking)}.",
            remedy="Set WINDTUNNEL_STORE_URL to the store that they were added to, the same for all parts of a "
            "deployment, or add them again.",
        )
    return store.name


def _memory(settings: HostSettings) -> Check:
    slots = os.cpu_count() or 1
    wanted, there = slots * settings.default_memory_mb, psutil.virtual_memory().total // 2**20
    text = f"{slots} slots of {settings.default_memory_mb} MB on a machine of {there} MB"
    return Check("memory", wanted <= there, text if wanted <= there else f"{text}: start execute with fewer slots")


def _clock(settings: HostSettings) -> str:
    with closing(records_of(settings, retries=0)) as records:
        before = time.time()
        error = records.reading.clock() - (before + time.time()) / 2
    if abs(error) > MOST_CLOCK_ERROR_S:
        raise SandboxFailure(
            f"This host's clock differs from that of Redis by {error:+.1f} s.",
            remedy="Run a time service on both (systemd-timesyncd, chrony).",
        )
    return f"{error:+.2f} s from that of Redis"
