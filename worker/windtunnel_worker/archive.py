"""Writes finished reports to the archive: Parquet files, one folder per day, that outlive the records.

Each report is in exactly one file. The reports in a part of the spool decide the name of its file, a file appears only
when it is complete, and an existing file is never written again. So if a writer is killed, the next one can start over.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping

from windtunnel.contract import Report
from windtunnel.errors import UnreadableRecord
from windtunnel.records import Records
from windtunnel.records.spool import MOST_SPOOLED, Part
from windtunnel.reports.table import ParquetFile
from windtunnel.store import Store

log = logging.getLogger(__name__)

PART_REPORTS = 1000
"""In one file at most."""
READ_AT_ONCE = 100
LEASE_S = 60.0
"""How long a writer may take for a part before another one takes it over."""


class Archiver:
    """Writes the waiting reports, one part at a time."""

    def __init__(
        self, records: Records, store: Store, *, who: str, after_s: float = 60.0, most: int = PART_REPORTS
    ) -> None:
        """A part has `most` reports, or fewer once the oldest has waited for `after_s` seconds."""
        self._records, self._store, self._who, self._after_s, self._most = records, store, who, after_s, most

    def run(self) -> bool:
        """Write one part. False if none is ready, or another writer has it."""
        spool = self._records.spool
        part = spool.take(self._who, most=self._most, after_s=self._after_s, lease_s=LEASE_S)
        if part is None:
            return False
        try:
            count = self._write(part)
        except BaseException:
            spool.not_written(self._who, part)
            raise
        spool.written(self._who, part)
        level = logging.WARNING if part.waiting > MOST_SPOOLED // 2 else logging.INFO
        log.log(level, "action=archived reports=%d waiting=%d part=%s", count, part.waiting, part.name)
        return True

    def _write(self, part: Part) -> int:
        """Write the part, with one file per day. Returns the number of reports."""
        files: defaultdict[str, ParquetFile] = defaultdict(ParquetFile)
        count = 0
        for some in self._reports(part.attempts):
            for day in sorted({report.finished_at.date() for report in some}):
                _add(files[f"date={day}/{part.name}.parquet"], [one for one in some if one.finished_at.date() == day])
            count += len(some)
        for path, file in files.items():
            if not self._store.exists(path):
                self._store.write(path, file.content())
        return count

    def _reports(self, attempts: Mapping[str, int]) -> Iterator[list[Report]]:
        """The reports of these attempts, some at a time.

        A job that was retried since then is in a later part, with its new report.
        """
        ids = list(attempts)
        for start in range(0, len(ids), READ_AT_ONCE):
            found = self._records.reports.reports(ids[start : start + READ_AT_ONCE])
            for one in found:
                if isinstance(one, UnreadableRecord):
                    log.warning("action=not-archived reason=%s", one)
            reports = [one for one in found if isinstance(one, Report)]
            yield [one for one in reports if one.summary.number == attempts[one.job_id]]


def _add(file: ParquetFile, reports: list[Report]) -> None:
    """Add reports; if one does not fit the columns, only that one is left out."""
    try:
        file.add(reports)
    except Exception as error:  # noqa: BLE001 - pyarrow has exceptions of several kinds
        if len(reports) == 1:
            log.warning("action=not-archived job=%s reason=%s: %s", reports[0].job_id, type(error).__name__, error)
            return
        for one in reports:
            _add(file, [one])
