"""The original single-process system's documented use, as a check. Run it with the project's Python on a host with Docker and the sandbox image.

Every line below is how that system's users call it today. It prints PASS or what differs, and exits 1 if anything does.
"""

import asyncio
import sys
import time

import docker

from windtunnel_worker import (
    DockerSandbox,
    ResourceLimiter,
    ResourceLimits,
    SandboxManager,
    SecurityLevel,
    SecurityValidator,
)

IMAGE = "windtunnel/sandbox:python"
wrong = []


def check(what, held):
    print("ok  " if held else "BAD ", what)
    if not held:
        wrong.append(what)


async def main():
    manager = SandboxManager(strict_security=True)
    result = await manager.execute_code(
        code="print('Hello, secure world!')", validate_security=True, monitor_resources=True
    )
    check("success, output", result["success"] is True and result["output"].strip() == "Hello, secure world!")
    check("duration is seconds", f"{result['duration']:.2f}" and result["duration"] > 0)
    check("security_report['score']", result["security_report"]["score"] == 100)
    refused = await manager.execute_code("import os\nos.system('ls')")
    check(
        "refused: error and security_report",
        refused["success"] is False and refused["error"] and refused["security_report"]["issues"],
    )
    check("format_execution_report", "Hello" in manager.format_execution_report(result))

    validator = SecurityValidator(strict_mode=True)
    validation = validator.validate_code(code="import os; os.system('ls')", language="python")
    check("validation is read like a dictionary", validation["safe"] is False and 0 <= validation["score"] <= 100)
    check(
        "validation['security_level'].name",
        validation["security_level"].name == "CRITICAL" and validation["security_level"] is SecurityLevel.CRITICAL,
    )
    check("validation['issues']", len(validation["issues"]) >= 1)
    check("format_report", "CRITICAL" in validator.format_report(validation))
    check("javascript too", validator.validate_code("require('child_process')", "javascript")["safe"] is False)

    sandbox = DockerSandbox(image=IMAGE, cpu_limit=1.0, memory_limit="512m", timeout=30, network_disabled=True)
    isolated = await sandbox.execute_code(code="print('Isolated execution')", language="python")
    check(
        "DockerSandbox",
        isolated["success"]
        and "Isolated" in isolated["output"]
        and isolated["container_id"]
        and isolated["duration"] >= 0,
    )
    sandbox.cleanup()

    limiter = ResourceLimiter(
        ResourceLimits(max_cpu_percent=100.0, max_memory_mb=512, max_execution_time=30, max_io_operations=1000)
    )
    busy = "import time\nt=time.time()\nx=bytearray(100*2**20)\nwhile time.time()-t<4: pass"
    container = docker.from_env().containers.run(
        IMAGE, entrypoint=["python3", "-c", busy], detach=True, network_disabled=True
    )
    try:
        await limiter.start_monitoring(container.id, interval=0.5)
        await asyncio.sleep(2.5)
        await limiter.stop_monitoring()
    finally:
        container.remove(force=True)
    usage = limiter.get_usage_report()
    check("usage status", isinstance(usage["status"], str))
    check("peak_usage", 60 < usage["peak_usage"]["cpu_percent"] < 130 and 95 < usage["peak_usage"]["memory_mb"] < 200)
    check("average_usage", usage["average_usage"]["cpu_percent"] > 30)
    check("no violation", not usage["violations"])
    check("format_report of the limiter", "CPU" in limiter.format_report())

    tight = SandboxManager(
        docker_image=IMAGE,
        strict_security=True,
        resource_limits=ResourceLimits(max_cpu_percent=100.0, max_memory_mb=512, max_execution_time=30),
    )
    results = await tight.execute_batch(
        [{"code": "print('Test 1')", "language": "python"}, {"code": "print('Test 2')", "language": "python"}]
    )
    check("execute_batch", [one["output"].strip() for one in results] == ["Test 1", "Test 2"])
    await tight.execute_code("import socket")
    stats = tight.get_execution_stats()
    check("total_executions", stats["total_executions"] == 3)
    check("success_rate is a percentage", abs(stats["success_rate"] - 200 / 3) < 0.1)
    check("security_violations", stats["security_violations"] == 1)
    check("test_sandbox answers True or False", await tight.test_sandbox() is True)
    start = time.monotonic()
    tight.cleanup()
    manager.cleanup()
    check("cleanup takes under 5 s", time.monotonic() - start < 5)


asyncio.run(main())
print("PASS" if not wrong else f"{len(wrong)} differ: {'; '.join(wrong)}")
sys.exit(bool(wrong))
