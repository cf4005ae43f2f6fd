"""`windtunnel doctor`: checks everything that a job passes through."""

from __future__ import annotations

import json as plain_json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

import typer

from windtunnel import __version__
from windtunnel.broker import served_queues
from windtunnel.cli import host
from windtunnel.cli.checks import Check, check
from windtunnel.cli.exits import DONE, NOT_SUCCEEDED
from windtunnel.cli.options import AsJson
from windtunnel.contract import HostStatus
from windtunnel.errors import StoreForbidden, WindtunnelError
from windtunnel.records import Records, records_of
from windtunnel.records.metrics import Figures
from windtunnel.records.reading import Server
from windtunnel.records.spool import Waiting
from windtunnel.settings import client_settings
from windtunnel.texts import ago, counted, harmless
from windtunnel.wake import DEFAULT_POOL, monitor_queue, ticket_queue

MOST_MEMORY = 0.85
"""Share of its memory that Redis may use, as for the alert WindtunnelRedisMemory."""
MOST_AWAITING_REPORT = 500
"""As for the alert WindtunnelReportsLate."""
ARCHIVED_S = 3600.0
"""A report that is not in the archive by then is late, unless WINDTUNNEL_ARCHIVE_AFTER_S is as long."""
BUSY_S = 3.0
"""So long a worker may take to answer that did not do so at once."""
Served = Mapping[str, Sequence[str]]
"""Queue → the workers that serve it."""


def doctor(json: AsJson = False) -> None:
    """Check everything that a job passes through, and say how to fix what is wrong.

    That is: Redis, the workers of each queue, the hosts, and on a host Docker, the image, disk, clock and settings.
    """
    with closing(records_of(client_settings(), retries=0)) as records:
        found = [check("Redis", records.reading.ping)]
        if found[0].well:
            found += _checks_through_redis(records)
    side = host.load()
    found += side.checks() if side else []
    if json:
        typer.echo(plain_json.dumps([asdict(one) for one in found], indent=2))
    else:
        for one in found:
            typer.echo(harmless(f"{'ok ' if one.well else 'BAD'} {one.name}: {one.detail}"))
    raise typer.Exit(DONE if all(one.well for one in found) else NOT_SUCCEEDED)


def _checks_through_redis(records: Records) -> list[Check]:
    found: list[Check] = []
    try:
        found += redis_checks(records.reading.server())
        found += host_checks(records.hosts.all(), datetime.now(UTC))
    except WindtunnelError as error:
        return [*found, Check("records", False, str(error))]
    try:
        figures = records.metrics.read()
        found += queue_checks(figures)
        found += archive_checks(records.spool.waiting(), datetime.now(UTC))
        found += _workers(records.url, figures)
    except StoreForbidden as error:
        why = f"not asked, run doctor as Redis's user worker or operator. {error.message}"
        found.append(Check("workers", True, why))
    except WindtunnelError as error:
        found.append(Check("workers", False, str(error)))
    return found


def _workers(redis_url: str, figures: Figures) -> list[Check]:
    queues = [one.name for one in figures.queues if one.waiting]
    found = worker_checks(served_queues(redis_url), figures.hosts, queues)
    if all(one.well for one in found):
        return found
    return worker_checks(served_queues(redis_url, BUSY_S), figures.hosts, queues)


def redis_checks(server: Server) -> list[Check]:
    """Whether Redis keeps what it is given."""
    disk, full = "append-only file", server.eviction
    if not server.append_only:
        disk = "a restart loses every job: start it with --appendonly yes"
    elif not server.writes:
        disk = "it could not write its files: free space on its disk, or correct the permissions of its folder"
    if server.eviction != "noeviction":
        full = f"{server.eviction} removes jobs: set maxmemory-policy noeviction"
    used = f"{server.used_bytes / 2**20:,.0f} MB used"
    memory = f"{used} of {server.limit_bytes / 2**20:,.0f} MB" if server.limit_bytes else f"{used}, no limit set"
    scarce = 0 < server.limit_bytes * MOST_MEMORY < server.used_bytes
    if scarce:
        memory += ": nothing is accepted when it is full; raise maxmemory, or lower WINDTUNNEL_RETENTION_S"
    found = [
        Check("Redis on disk", server.append_only and server.writes, disk),
        Check("Redis when full", server.eviction == "noeviction", full),
        Check("Redis's memory", not scarce, memory),
    ]
    if server.replica:
        found.append(Check("Redis's role", False, "a replica, which stores nothing itself: use its master's address"))
    return found


def queue_checks(figures: Figures) -> list[Check]:
    """Whether jobs make progress, as far as their records tell."""
    dead = "some could not be read, or webhooks not be delivered: `windtunnel dead` lists them"
    found = [Check("messages", True, dead if figures.dead_letters else "all could be read")]
    if not figures.reconciled:
        why = "none: jobs of dead workers stay where they are; start or restart a validate or finalize worker"
        found.append(Check("reconciler", False, why))
    if figures.unservable:
        why = "jobs need an image or a language that no live host has, and will end so: `windtunnel hosts` shows what"
        found.append(Check("images", False, f"{why} is there; build what they need (`make image`, `windtunnel image`)"))
    if figures.awaiting_report > MOST_AWAITING_REPORT:
        why = f"{figures.awaiting_report:,} jobs have ended and wait for one; start another finalize worker"
        found.append(Check("reports", False, f"{why}: `python -m windtunnel_worker finalize`"))
    return found


def archive_checks(waiting: Waiting, now: datetime) -> list[Check]:
    """Whether finished reports come into the archive, if there is one."""
    if waiting.since is None:
        return []
    detail = f"{counted(waiting.reports, 'report')} not written yet, the oldest for {ago(waiting.since, now)}"
    late = (now - waiting.since).total_seconds() > ARCHIVED_S
    if late:
        detail += ": the log of the finalize workers says why (archive-failed), unless none has WINDTUNNEL_ARCHIVE_URL"
    return [Check("archive", not late, detail)]


def worker_checks(served: Served, hosts: Iterable[HostStatus], waiting: Iterable[str] = ()) -> list[Check]:
    """How many workers each queue has that is or should be served; `waiting`: stage queues with jobs."""
    live = [one for one in hosts if one.live]
    wanting = {name.partition(".")[2] for name in waiting if name.startswith("execute.")}
    pools = {DEFAULT_POOL, *wanting, *(pool for one in live for pool in one.pools)}
    wanted = {
        "validate": "validate",
        **{ticket_queue(pool): "execute" for pool in sorted(pools)},
        "finalize": "finalize",
        **{monitor_queue(one.host): "monitor" for one in live},
    }
    found = []
    for queue in (*wanted, *sorted(served.keys() - wanted.keys())):
        workers = served.get(queue, ())
        detail = f"{len(workers)} ({', '.join(sorted(workers))})" if workers else _missing(queue, wanted[queue])
        found.append(Check(f"workers of {queue}", bool(workers), detail))
    return found


def _missing(queue: str, role: str) -> str:
    start = f"`python -m windtunnel_worker {role}`"
    _, _, which = queue.partition(".")
    if not which:
        return f"none; start one with `windtunnel up`, or {start}"
    if role == "monitor":
        return f"none; start one on {which} with {start}"
    return f"none; start one with {start} where WINDTUNNEL_POOLS names {which}"


def host_checks(hosts: Sequence[HostStatus], now: datetime) -> list[Check]:
    """The state of each host, and whether any of them takes work."""
    found = [_host(one, now) for one in hosts]
    if not any(one.takes_work for one in hosts):
        why = "none takes work: all are draining, paused or silent" if hosts else "none was seen within a day"
        start = "start one with `windtunnel up`, or `python -m windtunnel_worker execute`"
        found.append(Check("hosts", False, f"{why}; {start}"))
    return found


def _host(one: HostStatus, now: datetime) -> Check:
    name, silent = f"host {one.host}", ago(one.last_seen, now)
    if not one.live:
        return Check(name, True, f"not running; last seen {silent} ago")
    use = f"{one.busy} of {one.slots} slots busy"
    if one.draining:
        return Check(
            name,
            True,
            f"draining, requested by {one.draining}; {use}; `windtunnel undrain {one.host}` lets it take work",
        )
    if one.paused:
        return Check(
            name,
            False,
            f"paused itself: {one.paused} It tries again soon; `windtunnel undrain {one.host}` ends the pause now",
        )
    version = re.match(r"windtunnel ([^ ,]+)", one.versions)
    if version and version[1] != __version__:
        why = f"{use}; it runs Windtunnel {version[1]}, and this is {__version__}: upgrade the older one"
        return Check(name, False, f"{why} (deploy/RUNBOOK.md, Upgrade)")
    return Check(name, True, use)
