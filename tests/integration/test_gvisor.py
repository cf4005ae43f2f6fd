"""What a program gets under gVisor, which has a kernel of its own and needs some of the sandbox for itself."""

from __future__ import annotations

import pytest
from tests.support import Run

from windtunnel.contract import Limits, Outcome
from windtunnel_worker.settings import HostSettings

LIMITS = Limits(memory_mb=128, processes=10, timeout_s=20)
FORKS = "import os, time\nfor _ in range({number}):\n    if os.fork() == 0: time.sleep(1); os._exit(0)"
THREADS = """
import threading
end = threading.Event()
for _ in range({number}): threading.Thread(target=end.wait, daemon=True).start()
"""
POOL = """
from concurrent.futures import ThreadPoolExecutor
import time
list(ThreadPoolExecutor({number}).map(time.sleep, [1] * {number}))
"""
PROGRAMS = "import subprocess\nheld = [subprocess.Popen(['/bin/sleep', '1']) for _ in range({number})]"
MEMORY = "held = [bytearray(b'x') * 2**20 for _ in range({number})]"


@pytest.fixture
def settings(settings: HostSettings, gvisor: str) -> HostSettings:
    return settings.model_copy(update={"runtime": gvisor})


def test_a_program_starts_threads(run: Run) -> None:
    execution = run(
        """
        import threading
        started = []
        threads = [threading.Thread(target=started.append, args=(number,)) for number in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        emit(started=sorted(started))
        """
    )
    assert (execution.outcome, execution.values) == (Outcome.SUCCEEDED, {"started": [0, 1, 2, 3]}), execution


@pytest.mark.parametrize(
    ("code", "within", "beyond", "outcome"),
    [
        (FORKS, 8, 12, Outcome.PROCESSES_EXCEEDED),
        (THREADS, 8, 12, Outcome.PROCESSES_EXCEEDED),
        (POOL, 8, 12, Outcome.PROCESSES_EXCEEDED),
        (PROGRAMS, 8, 12, Outcome.PROCESSES_EXCEEDED),
        (MEMORY, 100, 160, Outcome.MEMORY_EXCEEDED),
    ],
    ids=["forks", "threads", "pool", "programs", "memory"],
)
def test_a_program_gets_the_limits_that_its_job_asked_for(
    run: Run, code: str, within: int, beyond: int, outcome: Outcome
) -> None:
    for number, expected in ((within, Outcome.SUCCEEDED), (beyond, outcome)):
        execution = run(code.format(number=number), limits=LIMITS)
        assert execution.outcome is expected, (number, execution)


def test_a_pipe_that_is_not_ready_is_no_refused_process(run: Run) -> None:
    execution = run("import os\nread, write = os.pipe()\nos.set_blocking(read, False)\nos.read(read, 1)")
    assert execution.outcome is Outcome.FAILED, execution
