"""Refuses to run programs where the Docker Engine accepts limits and ignores them."""

from __future__ import annotations

import logging
from pathlib import Path

from windtunnel.errors import SandboxFailure
from windtunnel_worker.monitoring.kept_limits import Wanted, ignored_limits
from windtunnel_worker.sandbox.container import Sandbox
from windtunnel_worker.sandbox.hardening import host_config
from windtunnel_worker.sandbox.languages import for_language

log = logging.getLogger(__name__)


class LimitCheck:
    """Reads the limits back from a sandbox's control group, once."""

    def __init__(self, cgroup_root: Path) -> None:
        self._cgroup_root = cgroup_root
        self._kept = False

    def require(self, sandbox: Sandbox) -> None:
        """Raises `SandboxFailure` where a limit is not in force. Those that cannot be read count as kept."""
        if self._kept:
            return
        kind = sandbox.kind
        asked = host_config(kind.limits, {}, language=for_language(kind.language), deployment=kind.deployment)
        wanted = Wanted(asked["mem_limit"], asked["pids_limit"], asked["nano_cpus"] / 1e9)
        try:
            ignored = ignored_limits(sandbox.id, sandbox.pid, self._cgroup_root, wanted)
        except (OSError, ValueError) as error:
            log.warning("action=limits-unread reason=%s", error)
            ignored = []
        if ignored:
            raise SandboxFailure(
                f"Docker accepted limits on this host and does not keep them: {'; '.join(ignored)}.",
                remedy="Give the engine the control groups (rootless: Delegate=cpu memory pids).",
            )
        self._kept = True
