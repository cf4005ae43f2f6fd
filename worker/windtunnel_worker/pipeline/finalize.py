"""The last stage, the aggregator: validation, execution and samples become the one final report of a job."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property

from windtunnel.contract import Outcome, Record, Report, Verdict
from windtunnel.errors import FileStoreUnavailable, NewerRecord, ObjectUnusable, StoreUnavailable, UnreadableRecord
from windtunnel.records.codec import decode_history
from windtunnel.records.reports import Unfinished, build_record
from windtunnel_worker.pipeline.cascade import with_stage
from windtunnel_worker.pipeline.collaborators import NOT_SCORED, Scored, Scorer, Shared
from windtunnel_worker.pipeline.faults import LONGEST_PAUSE_S, NEWER_PAUSE_S, NO_NEWER, describe, waits_for_newer
from windtunnel_worker.pipeline.promotion import with_promotion
from windtunnel_worker.pipeline.report import build_report, copied_report, pool_of, unreadable_report, with_score
from windtunnel_worker.recent import Recent

MESSAGE_S = 2.0
JOBS_AT_ONCE = 50
SAMPLED_FROM_S = 0.2
"""Programs that ran for less have no samples of the monitor."""
FAULT_PAUSE_S = 2.0
VERDICTS_KEPT = 64
PRICES_TRIED = 8
PRICES_PAUSE_S = 2.0
"""After the first time that there were no prices to score on; it doubles up to a minute, so all take four minutes."""

Final = tuple[Unfinished, Report]
"""A job that has its end, and the report that it gets."""


class Finalize:
    """Writes the final report of each job that has its end."""

    def __init__(self, shared: Shared, scorer: Callable[[], Scorer]) -> None:
        self._records, self._session, self._wake = shared.records, shared.session, shared.wake
        self._max_faults, self._clock, self._observe = shared.terms.max_faults, shared.clock, shared.observe
        self._gather_s, self._build_scorer = shared.terms.gather_s, scorer
        self._verdicts = Recent[tuple[str, str], Verdict](VERDICTS_KEPT)
        """A batch's jobs often share one."""

    def run(self) -> list[str]:
        """Write reports until none waits, or for about two seconds. Returns the ids of the jobs."""
        finished: list[str] = []
        over = self._clock() + MESSAGE_S
        while waiting := self._records.reports.take(JOBS_AT_ONCE):
            finished += self._finish(waiting)
            if self._clock() >= over:
                self._wake.finalize()
                break
            if self._gather_s and len(waiting) < JOBS_AT_ONCE and self._records.reports.any_unfinished():
                time.sleep(self._gather_s)
        return finished

    def _finish(self, waiting: list[Unfinished]) -> list[str]:
        records = {}
        final: list[Final] = []
        for job in waiting:
            try:
                records[job.job_id] = build_record(job, self._verdict(job))
            except NewerRecord as error:
                final += self._left(job, error)
            except UnreadableRecord as error:
                final.append((job, unreadable_report(job, f"What is stored of this job cannot be read: {error}.")))
            except Exception as error:  # noqa: BLE001 - one job's record must not keep others from their reports
                final += self._faulted(job, error)
        readable = [job for job in waiting if job.job_id in records]
        final += self._copied([job for job in readable if job.cached_from], records)
        final += self._build([job for job in readable if not job.cached_from], records)
        done = self._records.reports.finish(final, self._session) if final else []
        finished = [report for (_, report), first in zip(final, done, strict=True) if first]
        for report in finished:
            self._observe("finished", report.job_id, outcome=report.outcome.value, report=report)
        return [report.job_id for report in finished]

    def _left(self, job: Unfinished, error: NewerRecord) -> list[Final]:
        """Leave a job to a finalizer of the version that wrote its record, for a day, unless it was cancelled."""
        if job.outcome != Outcome.CANCELLED.encode() and waits_for_newer(decode_history(job.history)):
            self._observe("newer", job.job_id, error=str(error))
            self._records.care.ended_again(job.job_id, NEWER_PAUSE_S)
            return []
        return [(job, unreadable_report(job, f"{NO_NEWER} {error}."))]

    def _copied(self, waiting: list[Unfinished], records: dict[str, Record]) -> list[Final]:
        """The reports of jobs that another one ran for; a job whose source cannot be read runs itself."""
        sources = sorted({job.cached_from for job in waiting})
        read = dict(zip(sources, self._records.reports.reports(sources), strict=True)) if sources else {}
        final: list[Final] = []
        for job in waiting:
            source = read[job.cached_from]
            if isinstance(source, Report):
                final.append((job, copied_report(records[job.job_id], source)))
            else:
                self._records.reports.run_itself(job.job_id)
                self._wake.execute(pool_of(records[job.job_id]))
        return final

    def _build(self, waiting: list[Unfinished], records: dict[str, Record]) -> list[Final]:
        sampled = [one for one in records.values() if _ran_for_s(one) >= SAMPLED_FROM_S]
        readings = self._records.reports.samples_of([(one.job_id, one.attempt) for one in sampled]) if sampled else []
        samples = {one.job_id: found for one, found in zip(sampled, readings, strict=True)}
        final: list[Final] = []
        for job in waiting:
            try:
                record = _record_at_stage(records[job.job_id])
                report = build_report(record, samples.get(job.job_id, ()))
                for scored in self._scored(job, record, report):
                    final += self._onward(*scored, records[job.job_id])
            except Exception as error:  # noqa: BLE001 - as above
                final += self._faulted(job, error)
        return final

    def _onward(self, job: Unfinished, report: Report, record: Record) -> list[Final]:
        """The report of a job that has come to its end; none of one that goes on with its next stage."""
        spec = record.spec
        if spec is None or not spec.stages:
            return [(job, report)]
        report = with_stage(report, spec)
        if len(report.stages) == len(spec.passed) or report.stopped:
            return [(job, report)]
        spec = spec.model_copy(update={"passed": report.stages})
        if self._records.reports.advance(job, spec, report, self._session):
            self._observe("advanced", job.job_id, stage=len(spec.passed))
            self._wake.execute(spec.pool)
        return []

    @cached_property
    def _scorer(self) -> Scorer:
        return self._build_scorer()

    def _scored(self, job: Unfinished, record: Record, report: Report) -> list[Final]:
        """The report with its score; none yet where there are no prices for it and there may be some later."""
        execution, promotion = record.execution, report.promotion
        if not (record.spec and execution and execution.positions and report.outcome is Outcome.SUCCEEDED):
            return [(job, report if promotion is None else self._promoted(report, NOT_SCORED))]
        try:
            scored = self._scorer.score(record.spec, execution)
        except (FileStoreUnavailable, ObjectUnusable) as error:
            self._observe("no-prices", job.job_id, error=describe(error))
            tried = self._records.care.count_fault(job.job_id)
            if tried < PRICES_TRIED:
                self._records.care.ended_again(job.job_id, min(PRICES_PAUSE_S * 2.0 ** (tried - 1), LONGEST_PAUSE_S))
                return []
            scored = Scored(fault=f"There were no prices to score it on: {error} Then retry the job.")
        return [(job, with_score(report, scored) if promotion is None else self._promoted(report, scored))]

    def _promoted(self, report: Report, scored: Scored) -> Report:
        """The report of a promoted run, whose result is kept for ever."""
        if report.outcome is Outcome.SUCCEEDED and report.promotion is not None:
            programs = self._records.promotions.count(report.promotion.holdouts)
            report = with_promotion(report, scored, programs)
        self._records.promotions.note(report)
        return report

    def _verdict(self, job: Unfinished) -> Verdict | None:
        where = (job.program, job.policy)
        if not all(where):
            return None
        kept = self._verdicts.get(where)
        if kept is not None:
            return kept
        verdict = self._records.schedule.verdict(*where)
        return verdict and self._verdicts.keep(where, verdict)

    def _faulted(self, job: Unfinished, error: Exception) -> list[Final]:
        """After an unexpected exception: look again after a pause, a bounded number of times."""
        if isinstance(error, StoreUnavailable):
            raise error
        self._observe("fault", job.job_id, stage="finalize", error=describe(error))
        if self._records.care.count_fault(job.job_id) < self._max_faults:
            self._records.care.ended_again(job.job_id, FAULT_PAUSE_S)
            return []
        return [(job, unreadable_report(job, f"The report could not be built ({describe(error)})."))]


def _record_at_stage(record: Record) -> Record:
    """The record with the datasets that the program found."""
    if record.spec is None or not record.spec.stages:
        return record
    return record.model_copy(update={"spec": record.spec.current()})


def _ran_for_s(record: Record) -> float:
    return record.execution.resources.duration_s if record.execution else 0.0
