"""The monitor's two readers on a live sandbox, and the samples that a run leaves."""

from __future__ import annotations

import time

import pytest
from tests.support import READ_THE_IMAGE, Run, drop_page_cache

from windtunnel.contract import Limits, Outcome
from windtunnel_worker.monitoring.cgroup import CgroupReader, Reading
from windtunnel_worker.monitoring.processes import ProcessReader
from windtunnel_worker.monitoring.watch import watch
from windtunnel_worker.sandbox import Hooks, Stop
from windtunnel_worker.sandbox.assignment import RunningSandbox
from windtunnel_worker.settings import HostSettings

BUSY = """
import threading, time
held = b"x" * (40 * 2**20)
threading.Thread(target=time.sleep, args=({seconds},)).start()
until = time.monotonic() + {seconds}
while time.monotonic() < until:
    pass
"""


def test_control_group_and_process_table_agree_roughly(run: Run, settings: HostSettings) -> None:
    running: list[RunningSandbox] = []
    pairs: list[tuple[Reading, Reading]] = []

    def read_both() -> Stop | None:
        if not running:  # it is still being prepared
            return None
        (sandbox,) = running
        group = CgroupReader(sandbox.id, sandbox.pid, settings.cgroup_root)
        pairs.append((group.read(), ProcessReader(sandbox.pid).read()))
        group.close()
        in_its_loop = all(one.processes > 2 and one.cpu_time_s - pairs[0][0].cpu_time_s > 0.2 for one in pairs[-1])
        return Stop.CANCELLED if len(pairs) >= 2 and in_its_loop else None

    execution = run(BUSY.format(seconds=25), Hooks(started=running.append, stop=read_both))
    group, table = pairs[-1]
    assert group.processes == table.processes == 3
    assert table.cpu_time_s == pytest.approx(group.cpu_time_s, abs=0.5)
    for reading in (group, table):
        assert 40 * 2**20 < reading.memory_bytes < 400 * 2**20
    assert execution.resources.processes_peak >= 3
    assert execution.resources.memory_mb_peak > 40
    assert execution.resources.cpu_percent_average > 0
    assert execution.resources.samples >= 2


def test_reads_and_writes_are_counted_whatever_they_go_to(run: Run) -> None:
    writes = "file = open('out.bin', 'wb', 0)\nfor _ in range(10_000): file.write(b'x')\nfile.close()"
    reads = "file = open('out.bin', 'rb', 0)\nwhile file.read(1): pass"
    used = run(f"{writes}\n{reads}").resources
    assert used.write_calls == pytest.approx(10_000, rel=0.02)
    assert used.read_calls == pytest.approx(10_001, rel=0.02)
    assert used.io_operations < 1000  # its libraries may come from the disk: other tests drop the page cache


def test_the_process_table_counts_no_system_calls_as_disk_operations(run: Run) -> None:
    running: list[RunningSandbox] = []
    readings: list[Reading] = []

    def read() -> Stop | None:
        if running:
            readings.append(ProcessReader(running[0].pid).read())
        return Stop.CANCELLED if len(readings) == 5 else None

    code = "import sys, time\nfor _ in range(2000): print('x', file=sys.stderr)\ntime.sleep(25)"
    run(code, Hooks(started=running.append, stop=read))
    assert readings[-1].io_operations < 1000


def test_a_reader_sees_the_disk_operations_of_processes_that_came_later(run: Run, settings: HostSettings) -> None:
    readers: list[CgroupReader] = []
    seen: list[int] = []

    def started(sandbox: RunningSandbox) -> None:
        readers.append(CgroupReader(sandbox.id, sandbox.pid, settings.cgroup_root))
        readers[0].read()

    def read() -> Stop | None:
        if readers:
            seen.append(readers[0].read().io_operations)
        return Stop.CANCELLED if seen and seen[-1] > 20 else None

    code = f"""
    import os
    if os.fork() > 0:
        os.wait()
        os._exit(0)
    {READ_THE_IMAGE}"""
    drop_page_cache()
    assert run(code, Hooks(started=started, stop=read)).outcome is Outcome.CANCELLED
    readers[0].close()


def test_watching_ends_with_the_sandbox(run: Run, settings: HostSettings) -> None:
    running: list[RunningSandbox] = []
    run("pass", Hooks(started=running.append))
    (sandbox,) = running
    far = time.time() + 3600
    assert list(watch(sandbox.id, sandbox.pid, settings.cgroup_root, 0.02, far)) == []


def test_a_reader_that_was_opened_in_time_fails_once_the_sandbox_is_gone(run: Run, settings: HostSettings) -> None:
    readers: list[CgroupReader] = []

    def read(sandbox: RunningSandbox) -> None:
        readers.append(CgroupReader(sandbox.id, sandbox.pid, settings.cgroup_root))
        assert readers[0].read().processes > 0

    run("pass", Hooks(started=read))
    with pytest.raises(OSError, match="No such device"):
        readers[0].read()
    readers[0].close()


def test_watching_ends_some_time_after_the_deadline(run: Run, settings: HostSettings) -> None:
    counted: list[int] = []

    def overdue(sandbox: RunningSandbox) -> None:
        past = time.time() - 3600
        counted.append(len(list(watch(sandbox.id, sandbox.pid, settings.cgroup_root, 0.02, past))))

    run("import time\ntime.sleep(0.2)", Hooks(started=overdue))
    assert counted == [0]


def test_the_cpu_limit_holds_a_program_below_its_share(run: Run) -> None:
    used = run(BUSY.format(seconds=1.2), limits=Limits(cpus=0.25)).resources
    assert used.cpu_percent_average < 60
