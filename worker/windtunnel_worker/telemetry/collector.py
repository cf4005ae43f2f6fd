"""Turns one measurement of the records into Prometheus metrics. Needs the extra `metrics`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from heapq import nlargest
from itertools import accumulate
from operator import itemgetter

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from windtunnel.contract import HostStatus
from windtunnel.errors import WindtunnelError
from windtunnel.records.metrics import BUCKETS_S, STAGES, Figures, Metrics, counter_names

log = logging.getLogger(__name__)

OWNERS_SHOWN = 100
"""Owners with series of their own, those with the most jobs first. All others together are `other` in gauges."""
OTHERS = "other"
SINGLE = {
    "retries": "Attempts that were repeated after a fault of the machinery.",
    "recoveries": "Jobs taken back from workers that went silent.",
    "lost": "Jobs that were lost because the worker of each attempt died.",
    "faults": "Unexpected exceptions while a job was validated or executed.",
    "host_failures": "Times that a host failed for reasons of its own.",
    "host_pauses": "Times that a host paused itself after failures in a row.",
    "unreadable": "Messages that no worker could read.",
    "reused": "Jobs that got the result of an equal job from the cache.",
    "orphans": "Sandboxes that the reaper removed because nobody owned them.",
}
FAMILIES = {
    "jobs": ("outcome", "Jobs that got their report, by outcome."),
    "limit": ("limit", "Programs that went over a limit."),
    "finding": ("category", "Rejected jobs by category of what was found in their program."),
    "webhooks": ("result", "Attempts to deliver a webhook: delivered, failed, or dead after the last one."),
    "verdicts": ("source", "Groups of jobs that were judged, by where the verdict came from: cached or new."),
}
NAMES = {
    "unreadable": "unreadable_messages",
    "reused": "jobs_reused",
    "limit": "limit_violations",
    "finding": "rejections_by_category",
}


class RecordsCollector(Collector):
    """Measures at each scrape. While Redis does not answer, there is only `windtunnel_redis_up 0`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering needs no Redis."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All metrics of the deployment."""
        up = GaugeMetricFamily("windtunnel_redis_up", "Whether the records could be read.")
        try:
            figures, memory = self._metrics.read(), self._metrics.memory()
        except WindtunnelError as error:
            log.warning("action=scrape-failed reason=%s", error)
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _counters(figures)
        yield _stages(figures)
        yield from _schedule(figures)
        yield from _owners(figures)
        yield from _hosts(figures)
        yield _gauge("redis_memory_used_bytes", "Memory that Redis uses.", memory[0])
        yield _gauge("redis_memory_limit_bytes", "Its limit; 0: none.", memory[1])


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"windtunnel_{name}", text, value=value)


def _counters(figures: Figures) -> Iterator[Metric]:
    counts = {**dict.fromkeys(counter_names(), 0.0), **figures.counters}
    for name, text in SINGLE.items():
        yield CounterMetricFamily(f"windtunnel_{NAMES.get(name, name)}", text, value=counts[name])
    for kind, (label, text) in FAMILIES.items():
        family = CounterMetricFamily(f"windtunnel_{NAMES.get(kind, kind)}", text, labels=[label])
        for name, count in sorted(counts.items()):
            of, _, value = name.partition(":")
            if of == kind and value:
                family.add_metric([value], count)
        yield family


def _stages(figures: Figures) -> Metric:
    family = HistogramMetricFamily(
        "windtunnel_stage_duration_seconds", "What each stage of finished jobs took.", labels=["stage"]
    )
    bounds = [*(str(bound) for bound in BUCKETS_S), "+Inf"]
    for stage in STAGES:
        counts = (figures.counters.get(f"stage:{stage}:{place}", 0.0) for place in range(len(bounds)))
        buckets = list(zip(bounds, accumulate(counts), strict=True))
        family.add_metric([stage], buckets, figures.counters.get(f"stage:{stage}:sum", 0.0))
    return family


def _schedule(figures: Figures) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("windtunnel_queue_waiting_jobs", "Jobs that wait in a stage queue.", labels=["queue"])
    slots = GaugeMetricFamily("windtunnel_queue_slots", "Slots of live hosts that serve a queue.", labels=["queue"])
    messages = GaugeMetricFamily("windtunnel_queue_messages", "Messages that wake a queue's workers.", labels=["queue"])
    oldest = GaugeMetricFamily(
        "windtunnel_queue_oldest_seconds", "Age of the oldest batch with jobs that wait in a queue.", labels=["queue"]
    )
    ages: dict[str, float] = {}
    for one in figures.waiting:
        ages[one.queue] = max(one.oldest_s, ages.get(one.queue, 0.0))
    for queue in figures.queues:
        waiting.add_metric([queue.name], queue.waiting)
        slots.add_metric([queue.name], queue.slots)
        messages.add_metric([queue.name], queue.messages)
        oldest.add_metric([queue.name], ages.get(queue.name, 0.0))
    yield from (waiting, slots, messages, oldest)
    yield _gauge("unfinished_jobs", "Jobs without a report.", figures.unfinished)
    yield _gauge("unfinished_oldest_seconds", "Age of the oldest unfinished batch.", figures.unfinished_oldest_s)
    yield _gauge("jobs_awaiting_report", "Jobs that ended and wait for their report.", figures.awaiting_report)
    yield _gauge("unservable_lanes", "Groups of jobs that need what no live host has.", figures.unservable)
    yield _gauge(
        "dead_letters", "Unreadable messages and dead webhooks that are kept, 1,000 at most.", figures.dead_letters
    )
    yield _gauge("webhooks_waiting", "Webhooks that wait to be delivered.", figures.webhooks)
    yield _gauge("reconciler_active", "Whether some worker is the reconciler.", figures.reconciled)


def _owners(figures: Figures) -> Iterator[Metric]:
    shown = _shown(figures)
    running = GaugeMetricFamily("windtunnel_jobs_running", "Jobs that hold a slot.", labels=["owner"])
    together = dict.fromkeys(shown, 0)
    for owner, jobs in figures.running.items():
        name = owner if owner in shown else OTHERS
        together[name] = together.get(name, 0) + jobs
    for owner, jobs in sorted(together.items()):
        running.add_metric([owner], jobs)
    yield running
    # Without the others: their sum would fall whenever one of them comes among the first.
    text = f"Slot-seconds used, of the {OWNERS_SHOWN} owners that used the most."
    used = CounterMetricFamily("windtunnel_slot_seconds", text, labels=["owner"])
    for owner, seconds in nlargest(OWNERS_SHOWN, figures.slot_seconds.items(), key=itemgetter(1)):
        used.add_metric([owner], seconds)
    yield used
    waiting = GaugeMetricFamily(
        "windtunnel_jobs_waiting",
        "Jobs that wait: for validation, or ready for a slot of a pool.",
        labels=["queue", "priority", "owner"],
    )
    places: Counter[tuple[str, str, str]] = Counter()
    for one in figures.waiting:
        places[one.queue, one.priority, one.owner if one.owner in shown else OTHERS] += one.jobs
    for place, jobs in sorted(places.items()):
        waiting.add_metric(list(place), jobs)
    yield waiting


def _shown(figures: Figures) -> set[str]:
    jobs: Counter[str] = Counter()
    for one in figures.waiting:
        jobs[one.owner] += one.jobs
    jobs.update(figures.running)
    jobs.update(dict.fromkeys(figures.slot_seconds, 0))
    return {owner for owner, _ in jobs.most_common(OWNERS_SHOWN)}


def _hosts(figures: Figures) -> Iterator[Metric]:
    def warm(host: HostStatus) -> int:
        return max(0, figures.sandboxes.get(host.host, 0) - host.busy)

    wanted: dict[str, tuple[str, Callable[[HostStatus], float]]] = {
        "up": ("Whether the host was seen within the last seconds.", lambda host: host.live),
        "slots": ("Slots of the host's workers.", lambda host: host.slots if host.live else 0),
        "slots_busy": ("Slots that hold jobs.", lambda host: host.busy),
        "sandboxes_ready": ("Sandboxes that wait for a job.", warm),
        "draining": ("Whether the host was told to take no further work.", lambda host: bool(host.draining)),
        "paused": ("Whether the host paused itself after failures.", lambda host: bool(host.paused)),
    }
    for name, (text, value) in wanted.items():
        family = GaugeMetricFamily(f"windtunnel_host_{name}", text, labels=["host"])
        for host in figures.hosts:
            family.add_metric([host.host], value(host))
        yield family
