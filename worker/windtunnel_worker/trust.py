"""What a host must have for the programs it runs (`WINDTUNNEL_TRUST`). Pure functions of the settings.

`own`: programs of your own models. `customers`: programs of people you have a contract with; a flaw in the kernel alone
must not be enough to break out. `anyone`: programs of strangers, which must not reach the host's kernel at all.
"""

from __future__ import annotations

from windtunnel_worker.settings import HostSettings

OWN_KERNEL = ("runsc", "kata")
"""What is in the names of runtimes that keep programs away from the host's kernel, e.g. `runsc-kvm`."""


def misfits(settings: HostSettings) -> list[str]:
    """The settings that do not fit `WINDTUNNEL_TRUST`, each with a remedy."""
    if settings.trust == "own":
        return []
    own_kernel = any(name in (settings.runtime or "") for name in OWN_KERNEL)
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
