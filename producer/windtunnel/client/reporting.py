"""The client's operations that read what came of jobs: reports, rankings, failures, tables, pages, files.

The contract is imported for its types only: building it takes longer than the rest of the client.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windtunnel.client import artifacts, results
from windtunnel.client.ids import is_job
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
REPORTS_A_READ = 1000


class Reporting:
    """What `Client` has for whoever reads reports."""

    _records: Records
    _store: Store

    def report(self, job: str) -> Report:
        """The final report of a job; `NotFound` while it has none."""
        from windtunnel.records.reading import unknown

        if not is_job(job):
            raise unknown("job", job)
        return self._records.reports.report(job)

    def reports(self, batch: str) -> Iterator[Report]:
        """The final reports of a batch, in the order of submission; jobs without one are passed over."""
        ids = self._job_ids(batch)
        for start in range(0, len(ids), REPORTS_A_READ):
            for found in self._records.reports.reports(ids[start : start + REPORTS_A_READ]):
                if isinstance(found, UnreadableRecord):
                    log.warning("action=unreadable-report batch=%s reason=%s", batch, found)
                elif not isinstance(found, NotFound):
                    yield found

    def leaderboard(self, batch: str) -> Leaderboard:
        """Rank a batch by what Windtunnel computed, with every trial that its owner made on the same data counted.

        `ExtraMissing` without the extra `analysis`, which this needs.
        """
        return results.board(self._records, self._records.reading.batch_status(batch), list(self.reports(batch)))

    def superior(self, batch: str) -> tuple[Superior, ...]:
        """Test whether the best of a batch beats cash, and buy and hold: Hansen's superior predictive ability.

        `ExtraMissing` without the extra `spa`, which this needs; `InvalidInput` for more than 5,000 scored jobs.
        """
        return results.superior(list(self.reports(batch)))

    def ledger(self, owner: str, dataset: str) -> Ledger:
        """Every trial that an owner ever made on a dataset."""
        return self._records.trials.of(owner, dataset)

    def errors(self, batch: str) -> list[Cluster]:
        """The failures of a batch by what went wrong, the most frequent first."""
        return results.errors(list(self.reports(batch)))

    def errors_prompt(self, batch: str) -> str:
        """The same as text for the model that writes the programs, in at most 4 KB."""
        return results.errors_prompt(self._records, list(self.reports(batch)))

    def frame(self, batch: str) -> Any:
        """The reports of a batch as a pandas `DataFrame`, whose columns have the same types for all batches.

        `ExtraMissing` without the extras `analysis` and `data`, which this needs.
        """
        return results.frame(list(self.reports(batch)))

    def export(self, batch: str, form: str) -> bytes:
        """The same table as a file: `csv`, `json` or `parquet`."""
        return results.exported(list(self.reports(batch)), form)

    def page(self, name: str) -> str:
        """The report of a job or of a batch as one HTML file; `ExtraMissing` without the extra `analysis`."""
        if is_job(name):
            return results.job_html(self._records, self._store, self.report(name))
        return results.batch_html(self._records, self._records.reading.batch_status(name), list(self.reports(name)))

    def artifact(self, job: str, name: str) -> bytes:
        """A file that the job's program left; `NotFound` where there is none of this name, or it is no longer kept."""
        report = self.report(job)
        return artifacts.read(self._store, job, artifacts.find(report, name))

    def save_artifacts(self, job: str, folder: Path | str) -> list[Path]:
        """Write the files that the job's program left below a folder, in its subfolders. Returns where they are now.

        Names are the program's own: a part of a path that is not a plain name is changed to one. `InvalidInput` where
        a file or a link stands in the place of a subfolder.
        """
        return artifacts.save(self._store, self.report(job), Path(folder))

    def _job_ids(self, batch: str) -> list[str]:
        return [job_id(batch, index) for index in range(self._records.reading.batch_status(batch).total)]
