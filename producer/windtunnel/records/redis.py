"""`Records`: all that is known of batches, jobs, programs, datasets and hosts, in one Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windtunnel.records.allowances import Allowances
from windtunnel.records.care import Care
from windtunnel.records.catalogue import Catalogue
from windtunnel.records.connection import Connection
from windtunnel.records.hosts import Hosts
from windtunnel.records.listing import Listing
from windtunnel.records.metrics import Metrics
from windtunnel.records.outbox import Outbox
from windtunnel.records.promotions import Promotions
from windtunnel.records.reading import Reading
from windtunnel.records.reports import Reports
from windtunnel.records.schedule import Schedule
from windtunnel.records.spool import Spool
from windtunnel.records.submissions import Submissions
from windtunnel.records.trials import TrialLedger

if TYPE_CHECKING:
    from windtunnel.settings import Settings


class Records:
    """The records, by who uses them. Cheap to build: it connects when first used; safe to share between threads."""

    def __init__(self, connection: Connection, retention_s: int = 7 * 86_400, *, archiving: bool = False) -> None:
        """With `archiving`, finished reports go to the spool too, for whoever writes the archive."""
        self._connection = connection
        self.url = connection.url
        self.submissions = Submissions(connection)
        self.schedule = Schedule(connection, retention_s)
        self.reports = Reports(connection, retention_s, archiving=archiving)
        self.reading = Reading(connection)
        self.listing = Listing(connection)
        self.hosts = Hosts(connection)
        self.care = Care(connection)
        self.outbox = Outbox(connection)
        self.spool = Spool(connection)
        self.trials = TrialLedger(connection)
        self.metrics = Metrics(connection, self.hosts, self.outbox)
        self.catalogue = Catalogue(connection)
        self.promotions = Promotions(connection, self.catalogue)
        self.allowances = Allowances(connection, retention_s)

    def close(self) -> None:
        """Give the connections back."""
        self._connection.close()


def records_of(settings: Settings, url: str | None = None, *, retries: int = 3) -> Records:
    """The records that these settings name. `retries`: how often a command is repeated while Redis is away."""
    url = url or settings.redis_url.get_secret_value()
    connection = Connection(url, settings.key_prefix, retries=retries)
    return Records(connection, settings.retention_s, archiving=settings.archive_url is not None)
