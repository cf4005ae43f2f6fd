"""Checks a job before its program is run on held-out bars. May import contract, errors and records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windtunnel.client.checking import refused
from windtunnel.errors import AlreadyPromoted, FieldProblem, InvalidInput

if TYPE_CHECKING:
    from windtunnel.contract import Report
    from windtunnel.records import Records
    from windtunnel.records.catalogue import Catalogue
    from windtunnel.records.promotions import Promoted


def checked(report: Report, records: Records) -> dict[str, str]:
    """The hold-outs that a job's program may be run on (see `holdouts_of`).

    `AlreadyPromoted` if it was run before, in any layout; `UnreadableRecord` if it is no longer stored.
    """
    check_not_promoted(report)
    holdouts = holdouts_of(report, records.catalogue)
    code = records.schedule.code(report.code_sha256)
    earlier = records.promotions.find(code, report.language, holdouts)
    if earlier is not None:
        raise AlreadyPromoted(earlier.job_id, _result(earlier))
    return holdouts


def holdouts_of(report: Report, catalogue: Catalogue) -> dict[str, str]:
    """The digest of the whole series of each dataset that a job ran on.

    `InvalidInput` for a job that cannot be promoted, `NotFound` if a dataset has been removed.
    """
    if report.score is None:
        raise refused("job", "has no score, and only programs that return positions from `signals` can be promoted")
    if report.stopped:
        raise refused("job", "was stopped at a stage of its cascade; promote one that ran on all of its data")
    holdouts, problems = {}, []
    for name, sha256 in report.dataset_digests.items():
        version = next((one for one in catalogue.versions(name) if one.sha256 == sha256), None)
        if version is None or version.holdout is None:
            reason = "has no bars that are held out" if version else "is no longer in the catalogue in this version"
            problems.append(FieldProblem(f"datasets.{name}", reason))
        else:
            holdouts[name] = version.holdout.sha256
    if problems:
        remedy = (
            "Add the data with `windtunnel datasets add NAME FILE --holdout 20%`, and run the program on that first."
        )
        raise InvalidInput(problems, remedy=remedy)
    return holdouts


def check_not_promoted(report: Report) -> None:
    """Refuse to run a promoted run again."""
    if report.promotion is not None:
        raise refused("job", "is a promoted run, and a program is promoted once; name the job that was promoted")


def _result(earlier: Promoted) -> str:
    found = earlier.promotion
    if not earlier.outcome:
        return "it has no result yet (`windtunnel status` shows its state)"
    if found is None or not found.bars:
        return f"it {earlier.outcome} and gave no figures"
    sharpe, gained = found.metrics.sharpe, found.metrics.total_return or 0.0
    ratio = "no Sharpe ratio" if sharpe is None else f"a Sharpe ratio of {sharpe:.2f}"
    return f"{ratio} and a total return of {gained:.1%} on {found.bars:,} bars from {found.first:%Y-%m-%d}"
