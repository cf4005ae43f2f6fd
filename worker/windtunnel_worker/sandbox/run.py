"""One program in one ready sandbox: its start, what is sampled meanwhile, its end."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from windtunnel.contract import DroppedFile, Job, ProgramError, Resources, Sample
from windtunnel.errors import SandboxFailure
from windtunnel_worker.monitoring.sampler import Sampler, reader_for, summarize
from windtunnel_worker.sandbox.assignment import Hooks, Stop, Superseded
from windtunnel_worker.sandbox.background import wait_for
from windtunnel_worker.sandbox.container import Sandbox
from windtunnel_worker.sandbox.diagnosis import diagnose
from windtunnel_worker.sandbox.languages import for_language
from windtunnel_worker.sandbox.limits import FolderLimits, RunLimits
from windtunnel_worker.sandbox.outcomes import Evidence
from windtunnel_worker.sandbox.output import Output, readable
from windtunnel_worker.sandbox.protocol import Transcript
from windtunnel_worker.settings import HostSettings

FULL = 0.99
"""A sandbox that died without an end frame is taken to have run out of memory above this share of it."""
HALF_FULL = 0.5
"""The same if its first process was killed: gVisor is one process, and memory may grow fast at the end."""
CPU_GRACE_S = 2.0
"""What all processes together may use beyond the limit: in that time the kernel ends one that passes it alone."""
MOST_KILLS = 4
"""Processes of one program that may run out of memory before it is stopped: each is pages in the host's log."""
LONGEST_TICK_S = 1.0
"""The caller is asked at least this often whether the attempt must stop."""


class Run:
    """One program in one ready sandbox."""

    def __init__(self, sandbox: Sandbox, job: Job, hooks: Hooks, settings: HostSettings) -> None:
        self._sandbox, self._job, self._hooks = sandbox, job, hooks
        self._tick_s = min(settings.sample_interval_s, LONGEST_TICK_S)
        try:
            sandbox.reader = sandbox.reader or reader_for(sandbox.id, sandbox.pid, settings.cgroup_root)
            self._sampler = Sampler(sandbox.reader, sandbox.last_reading)
        except OSError as error:
            raise SandboxFailure(
                f"The sandbox cannot be measured: {error}.",
                remedy="The worker must see the host's processes or its control groups (WINDTUNNEL_CGROUP_ROOT).",
            ) from error
        self._folder = FolderLimits.of(settings)
        self._stop: Stop | None = None
        self._began = False
        """The warden has said that the program's first line runs."""
        self._lasting = False
        self._io_exceeded = False
        self._cpu_exceeded = False
        self._compiles = bool(for_language(job.language).compile)
        self._before: Sample | None = None
        """What was used before the program's first line, where that does not count: by a compiler, by imports."""
        self.sent = self.started = self.ended = time.monotonic()
        self.started_at = datetime.now(UTC)

    def follow(self, datasets: Mapping[str, str], imports: Sequence[str], probes: Sequence[Any]) -> Transcript:
        """Run the program until it ends or is stopped. Raises `Superseded` when another attempt is the current one."""
        limits, language = self._job.limits, for_language(self._job.language)
        program = language.program(limits, self._job.seed)
        transcript = self._sandbox.run(
            {
                **({"program": program} if program else {}),
                "code": self._job.code,
                "params": self._job.params,
                "datasets": datasets,
                "aliases": self._job.aliases,
                "seed": self._job.seed,
                "timeout_s": limits.timeout_s,
                "cpu_time_s": limits.cpu_time_s,
                "output_bytes": limits.output_kb * 1024,
                "cpus": limits.cpus,
                "folder": asdict(self._folder),
                "imports": imports,
                "probes": probes,
            },
            RunLimits.of(limits, self._folder),
            on_started=self._on_started,
            on_tick=self._on_tick,
            tick_s=self._tick_s,
        )
        self.ended = time.monotonic()
        self._correct_start(transcript)
        if self._stop is Stop.SUPERSEDED:
            raise Superseded
        transcript.fault = transcript.fault or diagnose(language, self._job.code, transcript)
        if not self._hooks.samples:
            self._sample()
        else:
            with suppress(OSError):
                self._sampler.sample()  # the final totals; too soon after the last tick for a rate
        self._sandbox.last_reading = self._sampler.read
        return transcript

    def _on_started(self) -> None:
        self._began = True
        self.started = time.monotonic()
        self.started_at = datetime.now(UTC)
        if self._compiles or self._job.limits.cpu_time_s is not None:
            with suppress(OSError):
                self._before = self._sampler.sample()
        self._hooks.started(self._sandbox)

    def _correct_start(self, transcript: Transcript) -> None:
        """Correct the start of a short program, which arrives together with its end; the end says how long it ran."""
        if self._began and transcript.end is not None:
            late = self.started - max(self.sent, self.ended - transcript.end.duration_s)
            if late > 0:
                self.started -= late
                self.started_at -= timedelta(seconds=late)

    def _on_tick(self) -> bool:
        if not self._lasting and time.monotonic() - self.sent >= self._tick_s:
            self._lasting = True
            self._hooks.lasting(self._sandbox)
        self._sample()
        self._stop = self._hooks.stop()
        killed_often = self._sampler.last.oom_kills - self._sampler.first.oom_kills > MOST_KILLS
        return self._stop is None and not (self._io_exceeded or self._cpu_exceeded or killed_often)

    def _sample(self) -> None:
        try:
            sample = self._sampler.sample()
        except OSError:
            return  # the container is gone; the end of the stream says so too
        self._hooks.samples.append(sample)
        self._compare(sample)

    def _compare(self, sample: Sample) -> None:
        """Check whether the program, with all its processes, has passed a limit that the host enforces."""
        limits, before = self._job.limits, self._before
        if self._compiles and before is None:
            return
        if limits.io_operations is not None:
            used = sample.io_operations - (before.io_operations if before else 0)
            self._io_exceeded = used > limits.io_operations
        if limits.cpu_time_s is not None and before is not None:
            self._cpu_exceeded = sample.cpu_time_s - before.cpu_time_s > math.ceil(limits.cpu_time_s) + CPU_GRACE_S

    def evidence(self, transcript: Transcript) -> Evidence:
        """What was seen from outside the sandbox."""
        first, last = self._sampler.first, self._sampler.last
        out_of_memory = last.oom_kills > first.oom_kills
        if not out_of_memory and transcript.end is None and not self._stop:
            out_of_memory = wait_for(self._ran_out_of_memory, self._hooks.stop)  # the daemon may be slow to tell
        return Evidence(
            oom_killed=out_of_memory,
            processes_refused=last.processes_refused > first.processes_refused,
            overdue=self._began and self.ended - self.started >= self._job.limits.timeout_s,
            io_exceeded=self._io_exceeded,
            cpu_exceeded=self._cpu_exceeded,
            stop=self._stop,
            faults=self._sandbox.faults,
        )

    def _ran_out_of_memory(self) -> bool:
        """Whether a sandbox that died without an end frame ran out of memory.

        The counter of kills is gone with the control group if the last reading came too late, and for gVisor Docker
        does not report it. The high-water mark of an earlier reading remains.
        """
        share = self._sampler.read.memory_peak_bytes / self._sandbox.kind.memory_bytes
        return share >= FULL or self._sandbox.oom_killed() or (share >= HALF_FULL and self._sandbox.killed_by_host())

    def resources(self, transcript: Transcript) -> Resources:
        """What the program used, as measured from outside."""
        # The two ends may arrive in one read, so the warden's own figure counts where it can be true.
        longest = self.ended - self.sent
        duration = min(transcript.end.duration_s, longest) if transcript.end else longest
        return summarize(duration, self._hooks.samples, self._sampler.last, self._sampler.first, longest)


def written(transcript: Transcript) -> dict[str, Any]:
    """What the program wrote, emitted and left, as fields of its execution."""
    end, fault = transcript.end, transcript.fault
    return {
        "exit_code": end.exit_code if end else None,
        "signal": end.signal if end else None,
        **_stream("stdout", transcript.stdout, end.stdout_bytes if end else 0),
        **_stream("stderr", transcript.stderr, end.stderr_bytes if end else 0),
        "values": transcript.values,
        "not_finite": transcript.not_finite,
        "dropped": [DroppedFile(**file.model_dump()) for file in transcript.files.dropped],
        "dropped_count": transcript.dropped_files,
        "error": ProgramError(**fault.model_dump(exclude={"errno", "memory", "processes"})) if fault else None,
    }


def _stream(name: str, output: Output, written: int) -> dict[str, Any]:
    written = max(written, len(output))
    found = readable(output, written)
    return {
        name: found.text,
        f"{name}_truncated": found.dropped > 0,
        f"{name}_bytes": written,
        f"{name}_dropped_bytes": found.dropped,
        f"{name}_raw": base64.b64encode(found.raw).decode(),
    }
