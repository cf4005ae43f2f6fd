"""The operations of `Client` that read results: reports, rankings, failures, tables, pages, files.

The contract is imported for its types only, as building it takes longer than the rest of the client.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windtunnel.client import artifacts, results
from windtunnel.client.ids import checked, is_job
from windtunnel.errors import NotFound, UnreadableRecord
from windtunnel.keyspace import job_id

if TYPE_CHECKING:
    from windtunnel.analysis.clusters import Cluster
    from windtunnel.analysis.leaderboard import Leaderboard
    from windtunnel.analysis.ledger import Ledger
    from windtunnel.analysis.superior import Superior
    from windtunnel.contract import Report
    from windtunnel.records import Records
    from windtunnel.store import Store

log = logging.getLogger(__name__)
REPORTS_A_READ = 200


class Reporting:
    """The part of `Client` that reads results."""

    _records: Records
    _store: Store

    def report(self, job: str) -> Report:
        """The report of a job; `NotFound` as long as it has none."""
        from windtunnel.records.reading import unknown

        if not is_job(job):
            raise unknown("job", job)
        return self._records.reports.report(job)

    def reports(self, batch: str) -> Iterator[Report]:
        """The reports of a batch, in the order of submission; jobs without one are skipped."""
        ids = self._job_ids(batch)
        for start in range(0, len(ids), REPORTS_A_READ):
            for found in self._records.reports.reports(ids[start : start + REPORTS_A_READ]):
                if isinstance(found, UnreadableRecord):
                    log.warning("action=unreadable-report batch=%s reason=%s", batch, found)
                elif not isinstance(found, NotFound):
                    yield found

    def leaderboard(self, batch: str) -> Leaderboard:
        """Rank a batch by what Windtunnel computed, counting every trial its owner ever made on the same data.

        Needs the extra `analysis`; `ExtraMissing` without it.
        """
        reports = list(self.reports(batch))
        return results.board(self._records, self._records.reading.batch_status(batch), reports)

    def superior(self, batch: str) -> tuple[Superior, ...]:
        """Test whether the best of a batch beats cash, and buy and hold: Hansen's test of superior predictive ability.

        Needs the extra `spa`; `ExtraMissing` without it. `InvalidInput` for more than 5,000 scored jobs.
        """
        return results.superior(self._without_output(batch))

    def ledger(self, owner: str, dataset: str) -> Ledger:
        """Every trial that an owner ever made on a dataset."""
        return self._records.trials.of(owner, dataset)

    def errors(self, batch: str) -> list[Cluster]:
        """The failures of a batch grouped by what went wrong, the most frequent first."""
        return results.errors(self._without_output(batch))

    def errors_prompt(self, batch: str) -> str:
        """The same as text for the model that wrote the programs, at most 4 KB long."""
        return results.errors_prompt(self._records, self._without_output(batch))

    def frame(self, batch: str) -> Any:
        """The reports of a batch as a pandas `DataFrame` with the same columns and types for every batch.

        Needs the extras `analysis` and `data`; `ExtraMissing` without them.
        """
        return results.frame(self._without_output(batch))

    def export(self, batch: str, form: str) -> bytes:
        """The same table as the bytes of a file. `form` is `csv`, `json` or `parquet`."""
        return results.exported(self._without_output(batch), form)

    def page(self, name: str) -> str:
        """The report of a job or a batch as one HTML file. Needs the extra `analysis`; `ExtraMissing` without it."""
        if is_job(name):
            return results.job_html(self._records, self._store, self.report(name))
        return results.batch_html(self._records, self._records.reading.batch_status(name), self._without_output(name))

    def artifact(self, job: str, name: str) -> bytes:
        """The bytes of a file the job's program left; `NotFound` if there is no such file, or it is no longer kept."""
        report = self.report(job)
        return artifacts.read(self._store, job, artifacts.find(report, name))

    def save_artifacts(self, job: str, folder: Path | str) -> list[Path]:
        """Write the files that the job's program left into a folder, with their subfolders. Returns their paths.

        The program chose the names, so any part of a path that is not a plain name is replaced by one. `InvalidInput`
        if a file or a link is where a subfolder should be.
        """
        return artifacts.save(self._store, self.report(job), Path(folder))

    def _without_output(self, batch: str) -> list[Report]:
        return [results.without_output(one) for one in self.reports(batch)]

    def _job_ids(self, batch: str) -> list[str]:
        return [job_id(batch, index) for index in range(self._records.reading.batch_status(checked(batch)).total)]
