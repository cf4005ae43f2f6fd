"""Control-group readers on trees as the kernel lays them out, and what samples add up to."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from windtunnel.contract import Sample
from windtunnel_worker.monitoring import cgroup
from windtunnel_worker.monitoring.cgroup import CgroupReader, Reading
from windtunnel_worker.monitoring.sampler import Sampler, summarize
from windtunnel_worker.monitoring.watch import pauses

ID = "c0ffee" * 10 + "beef"
NO_PID = 2**22 + 1

V1 = {
    "cpuacct/{}/cpuacct.usage": "1500000000\n",
    "memory/{}/memory.usage_in_bytes": "1048576\n",
    "memory/{}/memory.max_usage_in_bytes": "3145728\n",
    "memory/{}/memory.kmem.usage_in_bytes": "60000\n",
    "memory/{}/memory.stat": "cache 500000\nrss 300000\nshmem 100000\ntotal_cache 700000\ntotal_shmem 0\n",
    "memory/{}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    "pids/{}/pids.current": "4\n",
    "pids/{}/pids.events": "max 7\n",
    "blkio/{}/blkio.throttle.io_serviced": (
        "8:0 Read 3\n8:0 Write 4\n8:0 Sync 7\n8:0 Async 0\n8:0 Total 7\n8:16 Read 10\nTotal 17\n"
    ),
}
V2 = {
    "{}/cpu.stat": "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n",
    "{}/memory.current": "1048576\n",
    "{}/memory.peak": "3145728\n",
    "{}/memory.stat": "anon 300000\nfile 500000\nkernel 9\nshmem 100000\nslab_reclaimable 60000\nslab 70000\n",
    "{}/memory.events": "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n",
    "{}/pids.current": "4\n",
    "{}/pids.events": "max 7\n",
    "{}/io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=99\n8:16 rbytes=1 rios=10\n",
}
EXPECTED = Reading(
    cpu_time_s=1.5,
    memory_bytes=1048576,
    memory_peak_bytes=3145728,
    io_operations=17,
    processes=4,
    processes_refused=7,
    oom_kills=2,
    cache_bytes=460_000,
)


def tree(root: Path, files: dict[str, str], group: str) -> Path:
    for name, text in files.items():
        file = root / name.format(group)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    if files is V2:
        (root / "cgroup.controllers").write_text("cpu io memory pids\n")
    return root


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process table in which process 77 can be given a control group."""
    folder = tmp_path / "proc"
    (folder / "77").mkdir(parents=True)
    monkeypatch.setattr(cgroup, "PROC", folder)
    return folder


LAYOUTS = [f"docker/{ID}", f"system.slice/docker-{ID}.scope"]


@pytest.mark.parametrize("files", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize("group", LAYOUTS, ids=["cgroupfs", "systemd"])
def test_the_counters_of_a_container(tmp_path: Path, files: dict[str, str], group: str) -> None:
    assert CgroupReader(ID, NO_PID, tree(tmp_path, files, group)).read() == EXPECTED


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (V1, "11:pids:{0}\n10:memory:{0}\n6:cpu,cpuacct:{0}\n3:blkio:{0}\n1:name=systemd:{0}\n0::/x\n"),
        (V2, "0::{0}\n"),
    ],
    ids=["v1", "v2"],
)
def test_the_kernels_word_on_where_the_group_is_counts(
    tmp_path: Path, proc: Path, files: dict[str, str], told: str
) -> None:
    group = f"kubepods/burstable/pod1/{ID}"
    (proc / "77" / "cgroup").write_text(told.format(f"/{group}"))
    assert CgroupReader(ID, 77, tree(tmp_path, files, group)).read() == EXPECTED


@pytest.mark.parametrize("files", [V1, V2], ids=["v1", "v2"])
def test_another_processs_group_is_never_read(tmp_path: Path, proc: Path, files: dict[str, str]) -> None:
    (proc / "77" / "cgroup").write_text("0::/init\n6:cpuacct:/init\n")
    reader = CgroupReader(ID, 77, tree(tmp_path, files, "init"))
    with pytest.raises(FileNotFoundError, match=ID[:12]):
        reader.read()


@pytest.mark.parametrize(
    ("files", "gone"),
    [(V1, "pids/docker/{}/pids.events"), (V2, "docker/{}/memory.peak"), (V2, "docker/{}/pids.events")],
)
def test_a_file_that_older_kernels_lack_counts_as_zero(tmp_path: Path, files: dict[str, str], gone: str) -> None:
    root = tree(tmp_path, files, f"docker/{ID}")
    (root / gone.format(ID)).unlink()
    reading = CgroupReader(ID, NO_PID, root).read()
    assert 0 in (reading.memory_peak_bytes, reading.processes_refused)


@pytest.mark.parametrize("files", [V1, V2], ids=["v1", "v2"])
def test_a_container_that_is_gone_is_an_os_error(tmp_path: Path, files: dict[str, str]) -> None:
    root = tree(tmp_path, files, f"docker/{ID}")
    reader = CgroupReader(ID, NO_PID, root)
    for file in root.rglob("*.*"):
        if file.is_file() and file.name != "cgroup.controllers":
            file.unlink()
    with pytest.raises(OSError, match="No such file"):
        reader.read()


def test_a_group_that_goes_while_it_is_read_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree(tmp_path, V1, f"docker/{ID}")
    (root / "pids" / "docker" / ID / "cgroup.procs").write_text("77\n")
    reader = CgroupReader(ID, NO_PID, root)
    reader.read()
    held = os.listdir("/proc/self/fd")

    def gone(*_: object) -> bytes:
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(os, "pread", gone)
    with pytest.raises(OSError, match="No such device"):
        reader.read()
    assert os.listdir("/proc/self/fd") == held
    reader.close()


class Script:
    """A reader that gives these readings one after the other."""

    def __init__(self, *readings: Reading, keeps_marks: bool = False) -> None:
        self._readings: Iterator[Reading] = iter(readings)
        self._keeps_marks = keeps_marks

    def read(self) -> Reading:
        return next(self._readings)

    def reset_peak(self) -> bool:
        return self._keeps_marks

    def close(self) -> None:
        pass


def test_samples_count_from_the_moment_the_program_started() -> None:
    later = replace(EXPECTED, cpu_time_s=1.75, memory_bytes=2 * 2**20, io_operations=20, processes=6)
    sampler = Sampler(Script(EXPECTED, later, later))
    first, second = sampler.sample(), sampler.sample()
    assert (first.cpu_time_s, first.memory_mb, first.io_operations, first.processes) == (0.25, 2.0, 3, 6)
    assert first.cpu_percent > 0
    assert (second.cpu_time_s, second.cpu_percent) == (0.25, 0.0)
    assert second.elapsed_s >= first.elapsed_s


@pytest.mark.parametrize(
    ("memory_mb", "cache_mb", "ours_mb"),
    [(215, 200, 15), (215, 205, 15), (115, 80, 35), (14, 0, 14)],
    ids=["kept", "with its own", "partly taken back", "all taken back"],
)
def test_files_that_an_earlier_job_left_in_the_cache_are_not_this_jobs_memory(
    memory_mb: int, cache_mb: int, ours_mb: int
) -> None:
    before = replace(EXPECTED, memory_bytes=213 * 2**20, cache_bytes=200 * 2**20)
    now = replace(EXPECTED, memory_bytes=memory_mb * 2**20, cache_bytes=cache_mb * 2**20)
    assert Sampler(Script(now), before).sample().memory_mb == ours_mb


@pytest.mark.parametrize(("peak_mb", "ours_mb"), [(190, 0), (210, 210)], ids=["freed late", "its own"])
def test_a_high_water_mark_that_an_earlier_job_left_is_not_this_jobs(peak_mb: int, ours_mb: int) -> None:
    before = replace(EXPECTED, memory_bytes=187 * 2**20, cache_bytes=0)
    now = replace(EXPECTED, memory_bytes=40 * 2**20, memory_peak_bytes=peak_mb * 2**20, cache_bytes=0)
    sampler = Sampler(Script(now, keeps_marks=True), before)
    sampler.sample()
    assert sampler.last.memory_peak_bytes == ours_mb * 2**20


def a_sample(cpu_percent: float, memory_mb: float, processes: int) -> Sample:
    return Sample(
        elapsed_s=1, cpu_time_s=1, cpu_percent=cpu_percent, memory_mb=memory_mb, io_operations=1, processes=processes
    )


def test_totals_come_from_the_two_ends_and_peaks_from_the_samples() -> None:
    last = replace(
        EXPECTED, cpu_time_s=2.5, memory_bytes=3 * 2**20, memory_peak_bytes=9 * 2**20, io_operations=27, processes=2
    )
    used = summarize(2.0, [a_sample(180, 2, 5), a_sample(20, 4, 3)], last, EXPECTED)
    assert (used.duration_s, used.cpu_time_s, used.cpu_percent_average) == (2.0, 1.0, 50.0)
    assert (used.cpu_percent_peak, used.memory_mb_peak, used.memory_mb_average) == (180.0, 9.0, 3.0)
    assert (used.io_operations, used.processes_peak, used.samples) == (10, 5, 2)


def test_the_peak_is_never_below_the_average() -> None:
    last = replace(EXPECTED, cpu_time_s=3.5)
    assert summarize(2.0, [a_sample(10, 1, 1)], last, EXPECTED).cpu_percent_peak == 100.0


def test_nothing_read_is_nothing_used() -> None:
    used = summarize(0.0, [], None, None)
    assert (used.cpu_time_s, used.memory_mb_peak, used.samples) == (0.0, 0.0, 0)


def test_counters_that_go_back_do_not_give_negative_totals() -> None:
    used = summarize(1.0, [], replace(EXPECTED, cpu_time_s=0.0, io_operations=0), EXPECTED)
    assert (used.cpu_time_s, used.io_operations) == (0.0, 0)


def test_what_a_short_program_used_is_shared_out_over_the_time_between_the_readings() -> None:
    used = summarize(0.005, [], replace(EXPECTED, cpu_time_s=EXPECTED.cpu_time_s + 0.011), EXPECTED, 0.022)
    assert (used.cpu_percent_average, used.cpu_percent_peak, used.duration_s) == (50.0, 50.0, 0.005)
    assert used.processor == "0.011 s"
    longer = summarize(2.0, [], replace(EXPECTED, cpu_time_s=EXPECTED.cpu_time_s + 1), EXPECTED, 2.0)
    assert longer.processor == "1.000 s; 50% of a core on average, 50% at most"


def test_samples_come_at_once_then_closely_then_once_a_second() -> None:
    spaced = list(islice(pauses(0.2), 8))
    assert spaced == [0.04, 0.2, 0.2, 0.2, 0.2, 0.2, 1.0, 1.0]
    assert list(islice(pauses(0.02), 3)) == [0.02, 0.02, 0.02]
    assert list(islice(pauses(5.0), 3)) == [0.04, 5.0, 5.0]
