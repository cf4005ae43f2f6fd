"""`windtunnel doctor`: checks everything that a job passes through."""

from __future__ import annotations

import json as plain_json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import typer

from windtunnel.broker import served_queues
from windtunnel.cli import host
from windtunnel.cli.checks import Check, check
from windtunnel.cli.exits import DONE, NOT_SUCCEEDED
from windtunnel.cli.options import AsJson
from windtunnel.cli.texts import ago, harmless
from windtunnel.contract import HostStatus
from windtunnel.errors import WindtunnelError
from windtunnel.records import Records, records_of
from windtunnel.settings import client_settings
from windtunnel.wake import DEFAULT_POOL, monitor_queue, ticket_queue

BUSY_S = 3.0
"""So long a worker may take to answer that did not do so at once."""
Served = Mapping[str, Sequence[str]]
"""Queue → the workers that serve it."""


def doctor(json: AsJson = False) -> None:
    """Check everything that a job passes through, and say how to fix what is wrong.

    That is: Redis, the workers of each queue, the hosts, and on a host Docker, the image, disk, clock and settings.
    """
    records = records_of(client_settings(), retries=0)
    try:
        found = [check("Redis", records.reading.ping)]
        if found[0].well:
            found += _checks_through_redis(records)
    finally:
        records.close()
    side = host.load()
    found += side.checks() if side else []
    if json:
        typer.echo(plain_json.dumps([asdict(one) for one in found], indent=2))
    for one in () if json else found:
        typer.echo(harmless(f"{'ok ' if one.well else 'BAD'} {one.name}: {one.detail}"))
    raise typer.Exit(DONE if all(one.well for one in found) else NOT_SUCCEEDED)


def _checks_through_redis(records: Records) -> list[Check]:
    try:
        hosts = records.hosts.all()
        return [
            *_redis(records),
            *_workers(records.url, hosts),
            *host_checks(hosts, datetime.now(UTC)),
        ]
    except WindtunnelError as error:
        return [Check("workers", False, str(error))]


def _workers(redis_url: str, hosts: Iterable[HostStatus]) -> list[Check]:
    found = worker_checks(served_queues(redis_url), hosts)
    if all(one.well for one in found):
        return found
    return worker_checks(served_queues(redis_url, BUSY_S), hosts)


def _redis(records: Records) -> list[Check]:
    """Whether Redis keeps its data."""
    kept, policy = records.reading.durability()
    dead = len(records.care.dead_letters(1))
    return [
        Check(
            "Redis on disk",
            kept,
            "append-only file" if kept else "a restart loses every job: start it with --appendonly yes",
        ),
        Check(
            "Redis when full",
            policy == "noeviction",
            policy if policy == "noeviction" else f"{policy} removes jobs: set maxmemory-policy noeviction",
        ),
        Check(
            "messages", True, "some could not be read: `windtunnel dead` lists them" if dead else "all could be read"
        ),
    ]


def worker_checks(served: Served, hosts: Iterable[HostStatus]) -> list[Check]:
    """How many workers each queue has that is or should be served."""
    live = [one for one in hosts if one.live]
    pools = {DEFAULT_POOL, *(pool for one in live for pool in one.pools)}
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
    if not any(one.live and not one.draining and not one.paused for one in hosts):
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
    return Check(name, True, use)
