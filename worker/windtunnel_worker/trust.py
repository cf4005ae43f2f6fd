"""Whose programs a host runs, and what it needs for that. Pure over the settings.

`own`: programs of your own models. `customers`: of people you have a contract with; a kernel flaw must not be enough,
or must not be reachable unnoticed. `anyone`: nobody is accountable, so the host's kernel is kept out of reach.
"""

from __future__ import annotations

from windtunnel_worker.settings import HostSettings

OWN_KERNEL = ("runsc", "kata", "kata-runtime", "io.containerd.kata.v2", "io.containerd.runsc.v1")
"""Runtimes under which a program does not meet the host's kernel."""


def misfits(settings: HostSettings) -> list[str]:
    """What does not fit the trust that `WINDTUNNEL_TRUST` states, each with what to do."""
    if settings.trust == "own":
        return []
    own_kernel = settings.runtime in OWN_KERNEL
    confined = bool(settings.apparmor_profile or settings.selinux_label)
    found = []
    if not settings.strict:
        found.append("findings of level HIGH are let through: unset WINDTUNNEL_STRICT")
    if settings.trust == "anyone" and not own_kernel:
        found.append(
            "programs meet the host's kernel: install gVisor with deploy/runsc.sh and set WINDTUNNEL_RUNTIME=runsc"
        )
    if settings.trust == "customers" and not (own_kernel or confined):
        found.append(
            "nothing but Docker confines programs: set WINDTUNNEL_APPARMOR_PROFILE (deploy/apparmor), "
            "WINDTUNNEL_SELINUX_LABEL, or WINDTUNNEL_RUNTIME=runsc"
        )
    return found
