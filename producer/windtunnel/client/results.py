"""Rankings, pages and tables from the reports of a batch. NumPy, pandas and the pages are imported when needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from windtunnel import contract
from windtunnel.client.artifacts import read
from windtunnel.errors import ExtraMissing, FieldProblem, InvalidInput, NotFound, SandboxError, UnreadableRecord

if TYPE_CHECKING:
    from windtunnel.analysis.clusters import Cluster
    from windtunnel.analysis.leaderboard import Leaderboard
    from windtunnel.analysis.ledger import Trials
    from windtunnel.analysis.superior import Superior
    from windtunnel.contract import BatchStatus, Facts, Report
    from windtunnel.records import Records
    from windtunnel.store import Store

MOST_PICTURES = 16
SMALL_BYTES = 2**20
"""Files other than pictures are embedded in a page up to this size."""


def without_output(report: Report) -> Report:
    """A report without what its program printed: those of a whole batch together could be too large for memory."""
    if report.execution is None:
        return report
    nothing = dict.fromkeys(("stdout", "stderr", "stdout_raw", "stderr_raw"), "")
    return report.model_copy(update={"execution": report.execution.model_copy(update=nothing)})


def others(records: Records, status: BatchStatus, reports: Sequence[Report]) -> Trials:
    """The owner's trials on the batch's datasets, whatever they are called, that are not among these reports."""
    from windtunnel.analysis.ledger import sharpes_of

    names = records.catalogue.sharing({name for one in reports if one.score for name in one.score.datasets})
    return records.trials.excluding(status.owner, names, sharpes_of(reports))


def board(records: Records, status: BatchStatus, reports: Sequence[Report]) -> Leaderboard:
    """The ranking of these reports of a batch; `ExtraMissing` without NumPy."""
    try:
        from windtunnel.analysis.leaderboard import leaderboard
    except ImportError as error:
        raise ExtraMissing("A leaderboard", "analysis") from error
    return leaderboard(reports, others(records, status, reports))


def superior(reports: Sequence[Report]) -> tuple[Superior, ...]:
    """The test of superior predictive ability over the scores of these reports; `ExtraMissing` without `arch`.

    Jobs that were stopped at a stage, or that the look-ahead check refuted, are left out.
    """
    try:
        from windtunnel.analysis.superior import superior as test

        succeeded = [one for one in reports if one.outcome is contract.Outcome.SUCCEEDED]
        return test([one.score for one in succeeded if one.score and not one.stopped and not one.refuted])
    except ImportError as error:
        raise ExtraMissing("The test of superior predictive ability", "spa") from error


def batch_html(records: Records, status: BatchStatus, reports: Sequence[Report]) -> str:
    """The page of a batch; `ExtraMissing` without NumPy."""
    try:
        from windtunnel.reports import batch_page
    except ImportError as error:
        raise ExtraMissing("A page of a batch", "analysis") from error
    return batch_page(reports, status, others(records, status, reports))


def job_html(records: Records, store: Store, report: Report) -> str:
    """The page of a job, with its program, its samples and the files that can be had."""
    try:
        from windtunnel.reports.job import job_page
    except ImportError as error:
        raise ExtraMissing("A page of a job", "analysis") from error
    try:
        code = records.schedule.code(report.code_sha256)
    except UnreadableRecord:
        code = ""
    samples = records.reports.samples(report.job_id, report.summary.number)
    return job_page(report, code=code, samples=samples, pictures=_contents(store, report))


def _contents(store: Store, report: Report) -> dict[str, bytes]:
    """What a page can hold of the files that a program left: pictures, and small files."""
    found = {}
    left = report.execution.artifacts if report.execution else ()
    pictures = [one for one in left if one.name.endswith(".png")][:MOST_PICTURES]
    small = [one for one in left if one not in pictures and one.bytes <= SMALL_BYTES][:MOST_PICTURES]
    for one in (*pictures, *small):
        try:
            found[one.name] = read(store, report.job_id, one)
        except (NotFound, SandboxError):
            continue  # no longer kept, or the store is away: the page has the rest
    return found


def errors(reports: Sequence[Report]) -> list[Cluster]:
    """The failures of these reports by what went wrong, the most frequent first."""
    from windtunnel.analysis.clusters import clusters

    return clusters(reports)


def errors_prompt(records: Records, reports: Sequence[Report]) -> str:
    """The same for the model that writes the programs, in at most 4 KB, with what the datasets hold."""
    from windtunnel.analysis.clusters import prompt

    names = sorted({name for one in reports for name in one.dataset_digests})
    facts: dict[str, Facts] = {}
    for name in names:
        try:
            facts[name] = records.catalogue.version(name).facts
        except NotFound:
            continue
    return prompt(reports, facts)


FORMS = ("csv", "json", "parquet")


def exported(reports: Sequence[Report], form: str) -> bytes:
    """These reports as a file of one of `FORMS`; `ExtraMissing` names what is not installed."""
    if form not in FORMS:
        raise InvalidInput([FieldProblem("form", f"{form!r} is not known; there are: {', '.join(FORMS)}")])
    try:
        from windtunnel.reports import table

        return {"csv": table.as_csv, "json": table.as_json, "parquet": table.as_parquet}[form](reports)
    except ImportError as error:
        raise ExtraMissing(f"A {form} file of reports", "analysis,data") from error


def frame(reports: Sequence[Report]) -> Any:
    """These reports as a pandas `DataFrame`; `ExtraMissing` without pandas."""
    try:
        from windtunnel.reports import table

        return table.frame(reports)
    except ImportError as error:
        raise ExtraMissing("A data frame", "analysis,data") from error
