"""`Records`: all that is known of batches, jobs, programs, datasets and hosts, in one Redis.

Each part is loaded when it is first used: a command needs two or three of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from windtunnel.records.connection import Connection

if TYPE_CHECKING:
    from windtunnel.records.allowances import Allowances
    from windtunnel.records.care import Care
    from windtunnel.records.catalogue import Catalogue
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
    from windtunnel.settings import Settings


class Records:
    """The records, by who uses them. Cheap to build: it connects when first used; safe to share between threads."""

    def __init__(self, connection: Connection, retention_s: int = 7 * 86_400, *, archiving: bool = False) -> None:
        """With `archiving`, finished reports go to the spool too, for whoever writes the archive."""
        self._connection, self._retention_s, self._archiving = connection, retention_s, archiving
        self.url = connection.url

    def has_answered(self) -> bool:
        """True if this Redis has carried out a call."""
        return self._connection.has_answered

    @cached_property
    def submissions(self) -> Submissions:
        """For producers: open a batch, write its jobs, cancel, retry."""
        from windtunnel.records.submissions import Submissions

        return Submissions(self._connection)

    @cached_property
    def schedule(self) -> Schedule:
        """For workers: claims, verdicts, executions."""
        from windtunnel.records.schedule import Schedule

        return Schedule(self._connection, self._retention_s)

    @cached_property
    def reports(self) -> Reports:
        """For finalizers and readers: from a job's end to its report."""
        from windtunnel.records.reports import Reports

        return Reports(self._connection, self._retention_s, archiving=self._archiving)

    @cached_property
    def reading(self) -> Reading:
        """For readers: where jobs and batches stand."""
        from windtunnel.records.reading import Reading

        return Reading(self._connection)

    @cached_property
    def listing(self) -> Listing:
        """For readers: lists of jobs, and the whole queue in figures."""
        from windtunnel.records.listing import Listing

        return Listing(self._connection)

    @cached_property
    def hosts(self) -> Hosts:
        """The execution hosts."""
        from windtunnel.records.hosts import Hosts

        return Hosts(self._connection)

    @cached_property
    def care(self) -> Care:
        """For the reconciler."""
        from windtunnel.records.care import Care

        return Care(self._connection)

    @cached_property
    def outbox(self) -> Outbox:
        """Webhooks that are to be delivered."""
        from windtunnel.records.outbox import Outbox

        return Outbox(self._connection)

    @cached_property
    def spool(self) -> Spool:
        """Reports that are to be archived."""
        from windtunnel.records.spool import Spool

        return Spool(self._connection)

    @cached_property
    def trials(self) -> TrialLedger:
        """What each owner tried on each dataset."""
        from windtunnel.records.trials import TrialLedger

        return TrialLedger(self._connection)

    @cached_property
    def metrics(self) -> Metrics:
        """Counters and measurements, for monitoring."""
        from windtunnel.records.metrics import Metrics

        return Metrics(self._connection, self.hosts, self.outbox)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The names and versions of datasets."""
        from windtunnel.records.catalogue import Catalogue

        return Catalogue(self._connection)

    @cached_property
    def promotions(self) -> Promotions:
        """What was run on which hold-out."""
        from windtunnel.records.promotions import Promotions

        return Promotions(self._connection, self.catalogue)

    @cached_property
    def allowances(self) -> Allowances:
        """What the tokens of agents may use in a day."""
        from windtunnel.records.allowances import Allowances

        return Allowances(self._connection, self._retention_s)

    def close(self) -> None:
        """Give the connections back."""
        self._connection.close()


def records_of(settings: Settings, url: str | None = None, *, retries: int = 3) -> Records:
    """The records that these settings name. `retries`: how often a command is repeated while Redis is away."""
    url = url or settings.redis_url.get_secret_value()
    connection = Connection(url, settings.key_prefix, retries=retries)
    return Records(connection, settings.retention_s, archiving=settings.archive_url is not None)
