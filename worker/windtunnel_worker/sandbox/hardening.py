"""Every protection of a sandbox, as data that a reviewer can read.

`host_config` turns the data and a sandbox's limits into the arguments of Docker's create call, as plain data: this
module imports nothing of Docker.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from windtunnel_worker.sandbox.languages import PYTHON, Language
from windtunnel_worker.sandbox.limits import SandboxLimits

WARDEN_USER = "0:0"
"""Process 1 of a sandbox. Root there has the capabilities below and no other; each job has a user of its own."""
WARDEN_CAPABILITIES = ["SETUID", "SETGID", "SETPCAP"]
"""For becoming a job's user, and for dropping all capabilities of a job."""
HOSTNAME = "sandbox"
TMP_INODES = 10_000
NOFILE = 256
SIGPENDING = 1024
"""Timers and queued signals of a job's user: the kernel ends its timers of one instant in one go, whoever waits."""

ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - the only writable place inside
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "USER": "sandbox",  # its user ids have no name that could be looked up
    "PYTHONHASHSEED": "0",
    # Threads of numeric libraries count against the process limit, and the results of sums depend on their number.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # Libraries that would start worker processes do the work themselves: there is no /dev/shm for their locks.
    "LOKY_MAX_CPU_COUNT": "1",
    "JOBLIB_MULTIPROCESSING": "0",
    "JOBLIB_TEMP_FOLDER": "/tmp",  # noqa: S108
    # Caches of libraries must not come back with the program's files.
    "XDG_CACHE_HOME": "/tmp/.cache",  # noqa: S108
    "XDG_CONFIG_HOME": "/tmp/.config",  # noqa: S108
    "NUMBA_CACHE_DIR": "/tmp/.cache/numba",  # noqa: S108
    "TQDM_MININTERVAL": "1",
}

MASKED_PATHS = [
    "/dev/mqueue",  # a second writable place
    "/dev/pts",  # terminals are numbered and counted over all containers
    "/proc/acpi",
    "/proc/asound",
    "/proc/buddyinfo",
    "/proc/cmdline",
    "/proc/consoles",
    "/proc/diskstats",
    "/proc/driver",
    "/proc/fs",
    "/proc/interrupts",
    "/proc/iomem",
    "/proc/ioports",
    "/proc/irq",
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/loadavg",
    "/proc/locks",
    "/proc/mdstat",
    "/proc/misc",
    "/proc/modules",
    "/proc/pagetypeinfo",
    "/proc/partitions",
    "/proc/pressure",
    "/proc/sched_debug",
    "/proc/schedstat",
    "/proc/scsi",
    "/proc/slabinfo",
    "/proc/softirqs",
    "/proc/swaps",
    "/proc/sys/fs",
    "/proc/sys/kernel/pty",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/vmallocinfo",
    "/proc/vmstat",
    "/proc/zoneinfo",
    "/sys/block",
    "/sys/dev",
    "/sys/devices/system/node",
    "/sys/firmware",
    "/sys/fs/bcachefs",
    "/sys/fs/btrfs",
    "/sys/fs/ext4",
    "/sys/fs/f2fs",
    "/sys/fs/xfs",
    "/sys/kernel",
    "/sys/module",
]
"""Paths that are empty in a sandbox. Many of them count the whole host's work, which would leak between sandboxes."""
MASKED_IN_CELLS = ["/sys/fs/cgroup"]
"""Hidden in cells only, since it shows what earlier jobs used; runtimes of other languages read their limits there."""
SYSTEM_DEVICES = {"system"}
"""The entries of /sys/devices that are not devices of the host, and need not be hidden."""
READ_ONLY_PATHS = ["/proc/bus", "/proc/sys", "/proc/sysrq-trigger"]
OOM_SCORE_ADJ = 500
"""When the host runs out of memory, a sandbox's processes are killed before the host's own. A program cannot lower its
score further if the engine has the capability SYS_RESOURCE, as it does by default."""

PROTECTIONS: dict[str, Any] = {
    "network_mode": "none",
    "read_only": True,
    "cap_drop": ["ALL"],
    "privileged": False,
    # A System V IPC namespace of its own and no /dev/shm, which would be a second writable place.
    "ipc_mode": "none",
    "cgroupns": "private",
    # What a program writes must not fill the host's disk by way of the daemon's log files.
    "log_config": {"type": "none", "config": {}},
    "restart_policy": {"Name": "no"},
    "auto_remove": False,
    "oom_kill_disable": False,
    "oom_score_adj": OOM_SCORE_ADJ,
    "init": False,
}

LOADING_A_FILTER = {
    "names": ["prctl"],
    "action": "SCMP_ACT_ALLOW",
    "args": [{"index": 0, "value": 22, "op": "SCMP_CMP_EQ"}],
}


@lru_cache(maxsize=2)
def seccomp_profile(*, own_kernel: bool = False) -> str:
    """The system calls a sandbox may use, as Docker takes it.

    With a kernel of its own the calls that have an answer of their own are allowed, as older versions of gVisor know
    but one refusal, which programs take for a broken disk. The warden answers those that would reach the host, by a
    filter that it may load there.
    """
    profile = json.loads(resources.files("windtunnel_worker.sandbox").joinpath("seccomp.json").read_text())
    for rule in profile["syscalls"]:
        if own_kernel and rule.pop("errnoRet", None) is not None:
            rule["action"] = "SCMP_ACT_ALLOW"
    if own_kernel:
        profile["syscalls"].append(LOADING_A_FILTER)
    return json.dumps(profile, separators=(",", ":"))


@dataclass(frozen=True)
class Runtime:
    """What a container runtime needs itself, which is added to the job's limits."""

    own_processes: int = 0
    """Threads of its kernel."""
    threads_each: int = 1
    """Threads that a process inside may cost outside."""
    own_memory_mb: int = 0
    own_kernel: bool = False
    """No other sandbox shares its kernel, which counts each user's processes: so it holds the job's limit itself."""


GVISOR = Runtime(own_processes=128, threads_each=128, own_memory_mb=32, own_kernel=True)
"""Measured on two cores: 30 to 45 threads, up to 41 more a process, 12 to 27 MB. More cores mean more threads."""


@dataclass(frozen=True)
class Deployment:
    """Protections and devices from the host's settings."""

    runtime: str | None = None
    """A container runtime that the daemon knows, e.g. `runsc` (gVisor)."""
    apparmor_profile: str | None = None
    selinux_label: str | None = None
    """An SELinux type, e.g. `container_t`."""
    gpu: str | None = None
    """The one GPU of this slot, by index or UUID."""

    @property
    def overhead(self) -> Runtime:
        """What its runtime takes; gVisor may be registered under several names, e.g. one a platform."""
        return GVISOR if self.runtime and "runsc" in self.runtime else Runtime()

    def security_options(self) -> list[str]:
        """As Docker takes them."""
        options = []
        if self.apparmor_profile:
            options.append(f"apparmor={self.apparmor_profile}")
        if self.selinux_label:
            options.append(f"label=type:{self.selinux_label}")
        return options

    def device_requests(self) -> list[dict[str, Any]]:
        """As Docker takes them."""
        return [{"DeviceIDs": [self.gpu], "Capabilities": [["gpu"]]}] if self.gpu else []


DEFAULT_DEPLOYMENT = Deployment()


def host_config(
    limits: SandboxLimits,
    datasets: Mapping[str, str],
    *,
    language: Language = PYTHON,
    deployment: Deployment = DEFAULT_DEPLOYMENT,
) -> dict[str, Any]:
    """Arguments of Docker's `create_host_config` for one sandbox.

    `datasets` maps a path in the sandbox to a file on the Docker host; each is mounted read-only.
    """
    runtime = deployment.overhead
    memory = memory_bytes(limits, deployment)
    processes = limits.processes + language.own_processes
    execution = "exec" if language.tmp_exec else "noexec"
    options = f"rw,nosuid,nodev,{execution},size={limits.disk_mb}m,nr_inodes={TMP_INODES},mode=1777"
    return {
        **PROTECTIONS,
        "cap_add": WARDEN_CAPABILITIES,
        "runtime": deployment.runtime,
        "device_requests": deployment.device_requests(),
        "security_opt": [
            "no-new-privileges:true",
            f"seccomp={seccomp_profile(own_kernel=runtime.own_kernel)}",
            *deployment.security_options(),
        ],
        "tmpfs": {"/tmp": options},  # noqa: S108
        "mem_limit": memory,
        "memswap_limit": memory,  # the sum of both: no swap
        # Docker refuses more than there are.
        "nano_cpus": round(min(limits.cpus, os.cpu_count() or 1) * 1e9),
        "pids_limit": runtime.own_processes + runtime.threads_each * processes,
        "ulimits": [
            _ulimit("nofile", NOFILE),
            _ulimit("core", 1),  # at 0 the kernel still starts the host's collector of core dumps; at 1 it does not
            _ulimit("memlock", 0),  # what is locked may be a page of a file that another sandbox pays for
            _ulimit("sigpending", SIGPENDING),
            _ulimit("fsize", limits.disk_mb * 2**20),
            *([_ulimit("nproc", processes)] if runtime.own_kernel else []),
        ],
        "mounts": [
            {"Type": "bind", "Target": path, "Source": file, "ReadOnly": True} for path, file in datasets.items()
        ],
    }


def masked_paths(*, cell: bool) -> list[str]:
    """What is hidden, the devices of this host included; Docker passes over what is not there."""
    try:
        devices = sorted(set(os.listdir("/sys/devices")) - SYSTEM_DEVICES)
    except OSError:
        devices = []
    return [*MASKED_PATHS, *(MASKED_IN_CELLS if cell else []), *(f"/sys/devices/{device}" for device in devices)]


def memory_bytes(limits: SandboxLimits, deployment: Deployment) -> int:
    """The control group's limit: the job's memory and what the runtime takes for itself."""
    return (limits.memory_mb + deployment.overhead.own_memory_mb) * 2**20


def _ulimit(name: str, most: int) -> dict[str, Any]:
    return {"Name": name, "Soft": most, "Hard": most}
