"""What a program gets under gVisor, whose kernel shares the sandbox's limits with it."""

from __future__ import annotations

import pytest
from tests.support import Run

from windtunnel.contract import Outcome
from windtunnel_worker.settings import HostSettings


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
