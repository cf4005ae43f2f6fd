"""`ResourceLimiter` on containers that are none of ours."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator

import pytest

from windtunnel.errors import InvalidInput, SandboxFailure
from windtunnel_worker import ResourceLimiter, ResourceLimits
from windtunnel_worker.sandbox import images
from windtunnel_worker.sandbox.engine import engine

BUSY = "x = bytearray(100 * 2**20)\nwhile True: pass"


@pytest.fixture
def busy(docker_engine: images.Image) -> Iterator[str]:
    """A container that uses a core and 100 MB."""
    container = engine().containers.run(
        docker_engine.name, entrypoint=["python3", "-c", BUSY], detach=True, network_disabled=True
    )
    yield str(container.id)
    container.remove(force=True)


async def watch(
    limiter: ResourceLimiter, container: str, until: Callable[[], bool], then: Awaitable[None] | None = None
) -> None:
    await limiter.start_monitoring(container, interval=0.1)
    while not until():
        await asyncio.sleep(0.05)
    if then is not None:
        await then
    await limiter.stop_monitoring()


def test_a_container_within_its_limits(busy: str) -> None:
    limiter = ResourceLimiter(ResourceLimits(max_memory_mb=512, max_execution_time=300))

    def seen_at_work() -> bool:
        peak = limiter.get_usage_report()["peak_usage"]
        return bool(peak["memory_mb"] > 95 and peak["cpu_percent"] > 0)

    asyncio.run(watch(limiter, busy[:12], seen_at_work))
    report = limiter.get_usage_report()
    assert report["status"] == "stopped"
    assert report["samples"] >= 1
    assert 95 < report["peak_usage"]["memory_mb"] < 200
    assert 0 < report["average_usage"]["cpu_percent"] <= report["peak_usage"]["cpu_percent"] < 150
    assert report["violations"] == []
    assert "CPU" in limiter.format_report()


def test_each_limit_that_was_exceeded_is_named(busy: str) -> None:
    limiter = ResourceLimiter(ResourceLimits(max_cpu_percent=10, max_memory_mb=64, max_execution_time=0.2))
    asyncio.run(watch(limiter, busy, lambda: len(limiter.get_usage_report()["violations"]) == 3))
    report = limiter.get_usage_report()
    assert [violation["resource"] for violation in report["violations"]] == [
        "cpu_percent",
        "memory_mb",
        "execution_time",
    ]
    assert all(violation["value"] > violation["limit"] for violation in report["violations"])
    assert report["violations"][2]["at"] > 0.2
    assert "where 64 are allowed" in limiter.format_report()


def test_a_container_that_goes_away_keeps_its_report(busy: str) -> None:
    limiter = ResourceLimiter()

    async def gone() -> None:
        await asyncio.to_thread(engine().api.kill, busy)
        while limiter.get_usage_report()["status"] != "container_gone":
            await asyncio.sleep(0.05)

    asyncio.run(watch(limiter, busy, lambda: limiter.get_usage_report()["samples"] > 0, gone()))
    report = limiter.get_usage_report()
    assert report["status"] == "container_gone"
    assert report["samples"] > 0


def test_nothing_watched_is_nothing_used() -> None:
    limiter = ResourceLimiter()
    asyncio.run(limiter.stop_monitoring())
    report = limiter.get_usage_report()
    assert (report["status"], report["peak_usage"]["cpu_percent"], report["violations"]) == ("not_started", 0.0, [])


@pytest.mark.usefixtures("docker_engine")
def test_what_cannot_be_watched_is_refused() -> None:
    limiter = ResourceLimiter()
    for interval in (0, -1, math.nan, math.inf, "1"):
        with pytest.raises(InvalidInput, match="interval"):
            asyncio.run(limiter.start_monitoring("any", interval=interval))  # type: ignore[arg-type]
    with pytest.raises(SandboxFailure, match="No such container"):
        asyncio.run(limiter.start_monitoring("no-such-container"))
