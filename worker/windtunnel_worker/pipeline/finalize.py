"""The last stage, the aggregator: validation, execution and samples become the one final report of a job."""

from __future__ import annotations

import time
from collections import OrderedDict

from windtunnel.contract import Record, Report, Verdict
from windtunnel.errors import StoreUnavailable, UnreadableRecord
from windtunnel.records.reports import Unfinished, build_record
from windtunnel_worker.pipeline.collaborators import Shared
from windtunnel_worker.pipeline.faults import describe
from windtunnel_worker.pipeline.report import build_report, unreadable_report

MESSAGE_S = 2.0
JOBS_AT_ONCE = 50
GATHER_S = 0.2
"""Between two looks while other jobs are unfinished: those that end close together get their reports in one go."""
SAMPLED_FROM_S = 0.2
"""Programs that ran for less have no samples of the monitor."""
FAULT_PAUSE_S = 2.0
VERDICTS_KEPT = 64

Final = tuple[Unfinished, Report]
"""A job that has its end, and the report that it gets."""


class Finalize:
    """Writes the final report of each job that has its end."""

    def __init__(self, shared: Shared) -> None:
        self._records, self._session, self._wake = shared.records, shared.session, shared.wake
        self._max_faults, self._clock, self._observe = shared.terms.max_faults, shared.clock, shared.observe
        self._verdicts: OrderedDict[tuple[str, str], Verdict] = OrderedDict()
        """Those that were read last: a batch's jobs often share one."""

    def run(self) -> list[str]:
        """Write reports until none waits, or for about two seconds. Returns the ids of the jobs."""
        finished: list[str] = []
        over = self._clock() + MESSAGE_S
        while waiting := self._records.reports.take(JOBS_AT_ONCE):
            finished += self._finish(waiting)
            if self._clock() >= over:
                self._wake.finalize()
                break
            if len(waiting) < JOBS_AT_ONCE and self._records.reports.any_unfinished():
                time.sleep(GATHER_S)
        return finished

    def _finish(self, waiting: list[Unfinished]) -> list[str]:
        records = {}
        final: list[Final] = []
        for job in waiting:
            try:
                records[job.job_id] = build_record(job, self._verdict(job))
            except UnreadableRecord as error:
                final.append((job, unreadable_report(job, f"What is stored of this job cannot be read: {error}.")))
            except Exception as error:  # noqa: BLE001 - one job's record must not keep others from their reports
                final += self._faulted(job, error)
        final += self._build([job for job in waiting if job.job_id in records], records)
        done = self._records.reports.finish(final, self._session) if final else []
        finished = [report for (_, report), first in zip(final, done, strict=True) if first]
        for report in finished:
            self._observe("finished", report.job_id, outcome=report.outcome.value, report=report)
        return [report.job_id for report in finished]

    def _build(self, waiting: list[Unfinished], records: dict[str, Record]) -> list[Final]:
        sampled = [one for one in records.values() if _ran_for_s(one) >= SAMPLED_FROM_S]
        readings = self._records.reports.samples_of([(one.job_id, one.attempt) for one in sampled]) if sampled else []
        samples = {one.job_id: found for one, found in zip(sampled, readings, strict=True)}
        final: list[Final] = []
        for job in waiting:
            try:
                final.append((job, build_report(records[job.job_id], samples.get(job.job_id, ()))))
            except Exception as error:  # noqa: BLE001 - as above
                final += self._faulted(job, error)
        return final

    def _verdict(self, job: Unfinished) -> Verdict | None:
        where = (job.program, job.policy)
        if where in self._verdicts or not (job.program and job.policy):
            return self._verdicts.get(where)
        verdict = self._records.schedule.verdict(*where)
        if verdict is not None:
            self._verdicts[where] = verdict
            if len(self._verdicts) > VERDICTS_KEPT:
                self._verdicts.popitem(last=False)
        return verdict

    def _faulted(self, job: Unfinished, error: Exception) -> list[Final]:
        """After an unexpected exception: look again after a pause, a bounded number of times."""
        if isinstance(error, StoreUnavailable):
            raise error
        self._observe("fault", job.job_id, stage="finalize", error=describe(error))
        if self._records.care.count_fault(job.job_id) < self._max_faults:
            self._records.care.ended_again(job.job_id, FAULT_PAUSE_S)
            return []
        return [(job, unreadable_report(job, f"The report could not be built ({describe(error)})."))]


def _ran_for_s(record: Record) -> float:
    return record.execution.resources.duration_s if record.execution else 0.0
