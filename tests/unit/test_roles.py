"""The names of a machine's workers."""

from __future__ import annotations

from pathlib import Path

from windtunnel_worker.celery.roles import take_node_name, worker_options
from windtunnel_worker.settings import HostSettings


def test_two_workers_of_one_host_name_get_names_of_their_own(tmp_path: Path) -> None:
    taken = [take_node_name("execute", "host", tmp_path) for _ in range(3)]
    assert [name for name, _ in taken] == ["execute@host", "execute@host.2", "execute@host.3"]
    assert take_node_name("monitor", "host", tmp_path)[0] == "monitor@host"
    taken[1][1].close()
    assert take_node_name("execute", "host", tmp_path)[0] == "execute@host.2"


def test_the_queue_of_a_monitor_is_its_hosts_whatever_its_name() -> None:
    options = worker_options("monitor", "monitor@host.2", HostSettings(host="host"), 1)
    assert (options["hostname"], options["queues"]) == ("monitor@host.2", ["monitor.host"])
