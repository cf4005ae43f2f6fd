"""`SandboxManager`: the face of the single-process system, on real sandboxes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from windtunnel.contract import SecurityLevel
from windtunnel.errors import DockerUnavailable, InvalidInput
from windtunnel_worker import ResourceLimits, SandboxManager

KEYS = {"success", "output", "error", "duration", "container_id", "security_report", "resource_report"}
STATS = {"total_executions", "success_rate", "security_violations"}

pytestmark = pytest.mark.usefixtures("docker_engine")


def test_a_program_that_succeeds() -> None:
    manager = SandboxManager(
        docker_image="windtunnel/sandbox:python",
        strict_security=True,
        resource_limits=ResourceLimits(
            max_cpu_percent=100.0, max_memory_mb=512, max_execution_time=30, max_io_operations=1000
        ),
    )
    result = asyncio.run(
        manager.execute_code(
            code="import numpy as np\nprint(np.arange(4).sum())",
            language="python",
            validate_security=True,
            monitor_resources=True,
        )
    )
    assert result.keys() >= KEYS
    assert (result["success"], result["output"], result["error"]) == (True, "6\n", None)
    assert len(result["container_id"]) == 64
    assert result["duration"] > 0
    assert (result["security_report"]["score"], result["security_report"]["issues"]) == (100, [])
    assert result["resource_report"]["memory_mb_peak"] > 0
    assert result["resource_report"]["timeline"]


def test_a_program_that_fails_is_a_result_not_an_exception() -> None:
    result = asyncio.run(SandboxManager().execute_code("print('a')\n1 / 0"))
    assert (result["success"], result["output"], result["exit_code"]) == (False, "a\n", 1)
    assert "Line 2: ZeroDivisionError" in result["error"]


def test_an_unsafe_program_never_gets_a_container() -> None:
    result = asyncio.run(SandboxManager().execute_code("import os\nprint(os.getcwd())"))
    assert (result["success"], result["output"], result["container_id"]) == (False, "", None)
    assert result["outcome"] == "rejected"
    assert result["security_report"]["security_level"] == SecurityLevel.CRITICAL
    assert "Line 1" in result["error"]
    assert result["resource_report"] is None


def test_validation_and_monitoring_can_be_left_out() -> None:
    result = asyncio.run(
        SandboxManager().execute_code("import os\nprint(os.getcwd())", validate_security=False, monitor_resources=False)
    )
    assert (result["success"], result["output"]) == (True, "/tmp/artifacts\n")
    assert (result["security_report"], result["resource_report"]) == (None, None)


def test_without_strict_security_a_high_finding_runs() -> None:
    code = "import ipaddress\nprint(ipaddress.ip_address(1))"
    assert asyncio.run(SandboxManager(strict_security=False).execute_code(code))["success"]
    assert not asyncio.run(SandboxManager().execute_code(code))["success"]


def test_the_limits_bind() -> None:
    for limits, code, outcome in (
        (ResourceLimits(max_execution_time=0.5), "while True: pass", "timed_out"),
        (ResourceLimits(max_memory_mb=64), "x = b'x' * 2**30", "memory_exceeded"),
    ):
        assert asyncio.run(SandboxManager(resource_limits=limits).execute_code(code))["outcome"] == outcome


def test_the_environments_defaults_bind(setenv: pytest.MonkeyPatch) -> None:
    setenv.setenv("SANDBOX_DEFAULT_TIMEOUT", "2")
    setenv.setenv("SANDBOX_DEFAULT_MEMORY_LIMIT", "64m")
    manager = SandboxManager()
    assert asyncio.run(manager.execute_code("while True: pass"))["outcome"] == "timed_out"
    assert "64 MB" in asyncio.run(manager.execute_code("x = b'x' * 2**30"))["error"]


def test_a_batch_comes_back_in_its_order_and_is_counted() -> None:
    manager = SandboxManager()
    results = asyncio.run(
        manager.execute_batch(
            [
                {"code": "print('first')", "language": "python"},
                {"code": "1 / 0", "language": "python"},
                {"code": "import socket", "language": "python"},
                {"code": "print('last')", "language": "python"},
            ]
        )
    )
    assert [result["outcome"] for result in results] == ["succeeded", "failed", "rejected", "succeeded"]
    assert (results[0]["output"], results[3]["output"]) == ("first\n", "last\n")
    stats = manager.get_execution_stats()
    assert stats.keys() >= STATS
    assert (stats["total_executions"], stats["success_rate"], stats["security_violations"]) == (4, 50.0, 1)


def test_a_new_manager_has_executed_nothing() -> None:
    stats = SandboxManager().get_execution_stats()
    assert (stats["total_executions"], stats["success_rate"], stats["security_violations"]) == (0, 0.0, 0)


def test_the_self_test_and_clean_up() -> None:
    manager = SandboxManager()
    assert asyncio.run(manager.test_sandbox()) is True
    assert manager.cleanup() == 0


def test_the_report_in_lines() -> None:
    manager = SandboxManager()
    text = manager.format_execution_report(asyncio.run(manager.execute_code("print('shown')\n1 / 0")))
    for part in ("failed", "ZeroDivisionError", "100/100", "MB", "shown"):
        assert part in text
    assert "rejected" in manager.format_execution_report(asyncio.run(manager.execute_code("import os")))


@pytest.mark.parametrize(("field", "arguments"), [("code", {"code": ""}), ("language", {"code": "x", "language": "c"})])
def test_what_can_be_no_job_is_refused_by_name(field: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(SandboxManager().execute_code(**arguments))
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize(
    ("field", "entry"),
    [
        ("batch.1.code", {"language": "python"}),
        ("batch.1.code", {"code": ""}),
        ("batch.1.language", {"code": "x", "language": "c"}),
        ("batch.1.timeout", {"code": "x", "timeout": 1}),
        ("batch.1", "print(1)"),
    ],
)
def test_a_batch_with_what_can_be_no_job_is_refused_before_any_runs(field: str, entry: Any) -> None:
    manager = SandboxManager()
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(manager.execute_batch([{"code": "print(1)"}, entry]))
    assert [problem.field for problem in caught.value.problems] == [field]
    assert manager.get_execution_stats()["total_executions"] == 0


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "512m", None])
def test_limits_that_are_no_numbers_are_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match="max_memory_mb"):
        ResourceLimits(max_memory_mb=value)


def test_limits_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidInput, match="memory_mb"):
        SandboxManager(resource_limits=ResourceLimits(max_memory_mb=1))


def test_an_image_that_is_missing_is_said_to_be() -> None:
    result = asyncio.run(SandboxManager(docker_image="windtunnel/none:such").execute_code("print(1)"))
    assert (result["success"], result["container_id"]) == (False, None)
    assert "'windtunnel/none:such' is not on this host" in result["error"]


def test_docker_away_is_a_typed_error_of_the_self_test(docker_away: str) -> None:
    with pytest.raises(DockerUnavailable, match=f"No Docker Engine answers at {docker_away}"):
        asyncio.run(SandboxManager().test_sandbox())
