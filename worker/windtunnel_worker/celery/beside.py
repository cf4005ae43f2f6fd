"""The regular work in threads of a worker: reconciler, webhooks, archive; on execution hosts, presence and reaper."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from windtunnel import __version__
from windtunnel.errors import WindtunnelError
from windtunnel.records import records_of
from windtunnel.store import Store
from windtunnel_worker.celery.process import Process
from windtunnel_worker.pipeline.reconcile import EVERY_S, OTHERWISE_EVERY_S
from windtunnel_worker.settings import HostSettings

log = logging.getLogger(__name__)

PRESENT_EVERY_S = 5.0
AFTER_A_FAILURE_S = 2.0
DELIVER_EVERY_S = 1.0
ARCHIVE_EVERY_S = 1.0
AFTER_A_PART_S = 0.2
"""Leaves time for reports, which are written in the same process."""
REAP_EVERY_S = 10.0
LOOK_EVERY_S = 30.0
"""Between two checks of what the host has: the Docker daemon is slow to answer while it starts containers."""


def reconcile_regularly(process: Process) -> None:
    """Take part in reconciling; at any time one worker of all is the reconciler."""
    _regularly("reconciler", lambda: EVERY_S if process.pipeline.reconcile() else OTHERWISE_EVERY_S)


def present_regularly(settings: HostSettings, node: str, slots: int) -> None:
    """Announce regularly what this host has and the slots of this worker; remove orphaned sandboxes."""
    from windtunnel_worker.recovery.reaper import Reaper
    from windtunnel_worker.sandbox.inventory import Inventory

    records, inventory, reaper = records_of(settings), Inventory(settings, LOOK_EVERY_S), Reaper(settings.host)
    announced: list[tuple[str, set[str], dict[str, str], dict[str, str]]] = []

    def present() -> float:
        has = inventory.has()
        versions = f"windtunnel {__version__}, {inventory.versions}"
        what = versions, has, inventory.libraries, inventory.digests
        if announced != [what] or not records.hosts.alive(settings.host, node):
            records.hosts.seen(settings.host, slots, what[0], settings.pools, what[1], worker=node)
            records.hosts.announce(what[2])
            records.hosts.holds_images(settings.host, inventory.digests)
            announced[:] = [what]
        return PRESENT_EVERY_S

    def remove_orphans() -> float:
        count, left = reaper.reap()
        if count:
            log.warning("action=reaped count=%d", count)
            records.metrics.add({"orphans": count})
        records.metrics.note_sandboxes(settings.host, left)
        return REAP_EVERY_S

    _regularly("presence", present)
    _regularly("reaper", remove_orphans)


def deliver_regularly(process: Process) -> None:
    """Send the webhooks in the outbox. Without an allowlist and a secret, each becomes a dead letter that says so."""
    from windtunnel_worker.delivery.deliver import Deliverer
    from windtunnel_worker.delivery.targets import Allowlist

    secret = process.settings.webhook_secret
    deliverer = Deliverer(
        process.records.outbox,
        Allowlist.of(process.settings.webhooks),
        secret.get_secret_value() if secret else None,
        authorities=process.settings.webhook_ca,
    )
    _regularly("webhooks", lambda: 0.0 if deliverer.run() else DELIVER_EVERY_S)


def archive_regularly(process: Process) -> None:
    """Write finished reports into the archive, if there is one."""
    url = process.settings.archive_url
    if url is None:
        return
    from windtunnel_worker.archive import Archiver

    archiver = Archiver(
        process.records,
        Store(url.get_secret_value(), setting="WINDTUNNEL_ARCHIVE_URL"),
        who=process.session,
        after_s=process.settings.archive_after_s,
    )
    _regularly("archive", lambda: AFTER_A_PART_S if archiver.run() else ARCHIVE_EVERY_S)


def _regularly(name: str, act: Callable[[], float]) -> None:
    """Call `act` again and again in a thread, also after errors. It returns the pause until the next call."""

    def loop() -> None:
        while True:
            pause_s = AFTER_A_FAILURE_S
            try:
                pause_s = act()
            except WindtunnelError as error:
                log.warning("action=%s-failed reason=%s", name, error)
            except Exception:
                log.exception("action=%s-failed", name)
            time.sleep(pause_s)

    threading.Thread(target=loop, name=name, daemon=True).start()
