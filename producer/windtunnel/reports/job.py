"""The page of a job: score against buy and hold, program with findings, output, files and resources."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from windtunnel.contract import Attempt, Report, Sample, Score, SecurityLevel, StageRun
from windtunnel.reports.page import cut, page, short, value_text

SCRIPTS = ("common.js", "charts.js", "job.js")
OUTPUT_CHARS = 100_000
VALUES_SHOWN = 200
MOST_FINDINGS = 200
MOST_SAMPLES = 500
PICTURE_BYTES = 8 * 2**20
FILE_BYTES = 4 * 2**20
"""Of the files that can be saved from the page."""
PICTURE_PIXELS = 200_000_000
"""Of the pictures shown, all together: a small file can be a picture for which a browser needs gigabytes."""
PNG = b"\x89PNG\r\n\x1a\n"


def job_page(
    report: Report,
    *,
    code: str = "",
    samples: Sequence[Sample] = (),
    pictures: Mapping[str, bytes] | None = None,
) -> str:
    """One HTML file about this report.

    `code` is the program's text. `pictures` has the contents of files that it left, by name: PNG files are shown, and
    all of them can be saved from the page.
    """
    execution, score = report.execution, report.score
    error = execution.error if execution else None
    data = {
        "name": report.name,
        "about": f"job {report.job_id} · {report.outcome.value} · finished {report.finished_at:%Y-%m-%d %H:%M:%S} UTC",
        "outcome": report.outcome.value,
        "message": report.message,
        "stopped": report.stopped,
        "unscored": report.why_unscored,
        "score": score.model_dump(mode="json") if score else None,
        "look_ahead": report.look_ahead
        and {"sight": report.look_ahead.sight.value, "message": report.look_ahead.message},
        "promotion": report.promotion.model_dump(mode="json") if report.promotion and report.promotion.bars else None,
        "spark_times": _spark_times(score) if score else [],
        "timed": bool(score and score.timed),
        "error": cut(error.traceback or f"{error.type}: {error.message}", OUTPUT_CHARS) if error else "",
        "error_title": "Where it was" if execution and execution.still_running else "Exception",
        "error_line": error.line if error else None,
        "code": code,
        "issues": _issues(report),
        "values": _values(report),
        "stdout": cut(execution.stdout, OUTPUT_CHARS) if execution else "",
        "stderr": cut(execution.stderr_beside_error, OUTPUT_CHARS) if execution else "",
        "pictures": _pictures(pictures or {}),
        "files": _files(report, pictures or {}),
        "facts": _facts(report),
        "samples": [_sample(one) for one in _thinned(samples)],
        "attempts": [_attempt(one, withheld=report.promotion is not None) for one in report.attempts],
        "findings": [
            {"dataset": one.dataset, "message": one.message}
            for one in (execution.data_notes[:MOST_FINDINGS] if execution else ())
        ],
    }
    return page(f"Job {report.job_id} {report.name}", data, SCRIPTS)


def _spark_times(score: Score) -> list[float]:
    count = len(score.trading.spark)
    first, last = (score.first.timestamp(), score.last.timestamp()) if score.timed else (0, score.bars - 1)
    return [first + (last - first) * place / max(1, count - 1) for place in range(count)]


def _issues(report: Report) -> list[dict[str, Any]]:
    found = report.validation.issues[:MOST_FINDINGS] if report.validation else ()
    return [
        {
            "line": one.line,
            "severity": SecurityLevel(one.severity).name,
            "rule": one.rule,
            "message": one.message,
            "fix": one.fix,
        }
        for one in found
    ]


def _values(report: Report) -> list[tuple[str, str]]:
    if report.execution is None:
        return []
    shown = [(name, value_text(value, 2000)) for name, value in list(report.execution.values.items())[:VALUES_SHOWN]]
    infinite = [(f"{place} (not finite)", text) for place, text in report.execution.not_finite.items()]
    return [(cut(name, 200), text) for name, text in [*shown, *infinite]]


def _pictures(found: Mapping[str, bytes]) -> list[dict[str, str]]:
    """Only PNG is shown: an SVG file can hold scripts."""
    shown, left, pixels_left = [], PICTURE_BYTES, PICTURE_PIXELS
    for name, content in found.items():
        pixels = int.from_bytes(content[16:20]) * int.from_bytes(content[20:24])  # as its head says
        if content.startswith(PNG) and len(content) <= left and pixels <= pixels_left:
            shown.append({"name": name, "source": f"data:image/png;base64,{b64encode(content).decode()}"})
            left -= len(content)
            pixels_left -= pixels
    return shown


def _files(report: Report, contents: Mapping[str, bytes]) -> list[dict[str, str]]:
    """Each file that the program left, or why it did not come; its content where there is room.

    A browser saves that and never opens it: it is the program's, and may be anything.
    """
    execution, left, shown = report.execution, FILE_BYTES, list[dict[str, str]]()
    for one in execution.artifacts if execution else ():
        content = contents.get(one.name)
        row = {"name": one.name, "size": f"{one.bytes:,}", "note": one.media_type}
        if content is not None and len(content) <= left:
            left -= len(content)
            row["source"] = f"data:application/octet-stream;base64,{b64encode(content).decode()}"
        shown.append(row)
    dropped = execution.dropped if execution else ()
    return shown + [
        {"name": one.name, "size": f"{one.bytes:,}", "note": f"not kept: it {one.reason}"} for one in dropped
    ]


def _attempt(one: Attempt, *, withheld: bool) -> dict[str, Any]:
    return one.model_dump(mode="json", exclude={"started_at", "duration_s"} if withheld else {"started_at"})


def _thinned(samples: Sequence[Sample]) -> Sequence[Sample]:
    step = -(-len(samples) // MOST_SAMPLES) or 1
    return samples[::step]


def _sample(one: Sample) -> dict[str, float | None]:
    names = ("elapsed_s", "cpu_percent", "memory_mb")
    return {name: short(getattr(one, name)) for name in names}


def _facts(report: Report) -> list[tuple[str, str]]:
    timings, score = report.timings, report.score
    window = score.window if score else ""
    yearly = f"{score.bars_a_year:g}, {score.bars_how}" if score and score.bars_a_year else "unknown" if score else ""
    facts = [
        ("Language", report.language),
        ("Parameters", value_text(report.params, 2000)),
        ("Seed", str(report.seed)),
        *((f"Stage {run.stage}", _stage(run)) for run in report.stages),
        ("Evaluated", window),
        ("Bars per year", yearly),
        *_usage(report),
        ("Waited for a slot", f"{timings.waiting_s:.3f} s" if timings.waiting_s is not None else ""),
        ("From submission to report", f"{timings.total_s:.3f} s"),
        ("Program", f"sha256 {report.code_sha256}"),
        *((f"Dataset {name}", f"sha256 {digest}") for name, digest in report.dataset_digests.items()),
        ("Image", report.image_digest),
        ("Versions", ", ".join(f"{name} {version}" for name, version in report.versions.items())),
    ]
    return [(name, value) for name, value in facts if value]


def _usage(report: Report) -> list[tuple[str, str]]:
    used = report.resources
    if report.promotion:
        return [("Used", "withheld, since the program saw held-out bars")]
    if report.execution is None:
        return [("Ran for", "it did not run")]
    return [
        ("Ran for", f"{used.duration_s:.3f} s"),
        ("Processor", used.processor),
        ("Memory", f"{used.memory_mb_average:.0f} MB on average, {used.memory_mb_peak:.0f} MB at most"),
        ("I/O", used.io),
    ]


def _stage(run: StageRun) -> str:
    value = "undefined" if run.value is None else f"{run.value:.4g}"
    end = "passed" if run.passed else "stopped"
    return f"{end}: {run.metric} {value}, at least {run.at_least:g}; {', '.join(run.datasets)}, {run.bars:,} bars"
