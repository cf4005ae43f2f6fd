"""What runs beside a worker in its process: the reconciler; on execution hosts, presence and reaper."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from windtunnel.errors import WindtunnelError
from windtunnel.records import records_of
from windtunnel_worker.celery.process import Process
from windtunnel_worker.pipeline.reconcile import EVERY_S
from windtunnel_worker.settings import HostSettings

log = logging.getLogger(__name__)

PRESENT_EVERY_S = 5.0
REAP_EVERY_S = 10.0
LOOK_EVERY_S = 30.0
"""Between two looks at what the host has: the Docker daemon is slow to answer while it starts containers."""


def reconcile_regularly(process: Process) -> None:
    """Take part in reconciling for as long as this process lives: one of all takes the turn."""
    _regularly("reconciler", EVERY_S, process.pipeline.reconcile)


def present_regularly(settings: HostSettings, node: str, slots: int) -> None:
    """Say regularly what this host has and how many slots this worker has; remove sandboxes that nobody owns."""
    from windtunnel_worker.recovery.reaper import reap
    from windtunnel_worker.sandbox.inventory import Inventory

    records, inventory = records_of(settings), Inventory(settings, LOOK_EVERY_S)

    def present() -> None:
        has = inventory.has()
        records.hosts.seen(settings.host, slots, inventory.versions, settings.pools, has, worker=node)

    def remove_orphans() -> None:
        count = reap(settings.host)
        if count:
            log.warning("action=reaped count=%d", count)

    _regularly("presence", PRESENT_EVERY_S, present)
    _regularly("reaper", REAP_EVERY_S, remove_orphans)


def _regularly(name: str, every_s: float, act: Callable[[], object]) -> None:
    """Act in the background, whatever fails: Redis and Docker may come and go."""

    def loop() -> None:
        while True:
            try:
                act()
            except WindtunnelError as error:
                log.warning("action=%s-failed reason=%s", name, error)
            except Exception:
                log.exception("action=%s-failed", name)
            time.sleep(every_s)

    threading.Thread(target=loop, name=name, daemon=True).start()
