"""What the tasks of one worker process share: built once, when the first task needs it, after any fork."""

from __future__ import annotations

import os
from functools import lru_cache

from windtunnel.broker import Publisher
from windtunnel.records.redis import Store
from windtunnel_worker.celery.app import create_app
from windtunnel_worker.settings import host_settings

PATIENCE = 30
"""How often a worker repeats a command while Redis is away: about a minute."""


@lru_cache(maxsize=1)
def store() -> Store:
    """The job records."""
    settings = host_settings()
    return Store(
        settings.redis_url.get_secret_value(),
        key_prefix=settings.key_prefix,
        retention_s=settings.retention_s,
        retries=PATIENCE,
    )


@lru_cache(maxsize=1)
def publisher() -> Publisher:
    """The publisher."""
    return Publisher(create_app(host_settings()))


def owner() -> str:
    """Who holds a lease or a sandbox: the slot, by host and process."""
    return f"{host_settings().host}:{os.getpid()}"
