"""Ways to talk: every family of sockets, names, the host's own services, other sandboxes."""

from __future__ import annotations

import errno

from tests.adversarial.attempts import Attempt, ending, everywhere, refusing, sampled, seeing
from tests.adversarial.host import Range

from windtunnel.contract import Isolation, Outcome

UNREACHABLE = {
    errno.EPERM,
    errno.EACCES,
    errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT,
    errno.ESOCKTNOSUPPORT,
    errno.ENETUNREACH,
}
FAMILIES = {
    "ipv4": [(2, 1, 0), (2, 2, 0), (2, 5, 0)],
    "ipv6": [(10, 1, 0), (10, 2, 0)],
    "raw_packets": [(2, 3, 1), (2, 3, 255), (10, 3, 58), (17, 3, 768), (17, 2, 768)],
    "ping": [(2, 2, 1), (10, 2, 58)],
    "netlink": [(16, 3, protocol) for protocol in (0, 4, 9, 12, 15, 16)],
    "the_virtual_machines_host": [(40, 1, 0), (40, 2, 0), (40, 5, 0)],
    "kernel_crypto": [(38, 5, 0)],
    "cluster_and_field_buses": [(29, 3, 1), (30, 5, 0), (30, 2, 0), (21, 5, 0), (43, 1, 0), (41, 2, 0)],
    "radio": [(31, 1, 3), (39, 3, 0), (3, 2, 0), (36, 2, 0)],
    "fast_paths": [(44, 3, 0), (42, 2, 0), (24, 2, 0), (15, 3, 2), (2, 1, 132), (2, 2, 136), (2, 1, 262)],
}
"""By name: family, kind and protocol."""

ATTEMPTS: list[Attempt] = [
    *(
        refusing(f"a_socket_of_{name}_is_refused", *(f"syscall(41, {family}, {kind}, {protocol})" for family, kind, protocol in sockets),
                 errors=UNREACHABLE - {errno.ENETUNREACH})
        for name, sockets in FAMILIES.items()
    ),
    refusing("a_pair_of_sockets_of_any_other_family_is_refused", *(f"syscall(53, {family}, 1, 0, b'\\0' * 8)" for family in range(2, 46)),
             errors={errno.EPERM}),
    sampled(
        refusing(
            "connecting_anywhere_is_refused",
            *(
                f"socket.create_connection(({host!r}, {port}), 1)"
                for host, port in (("1.1.1.1", 53), ("127.0.0.1", 6379), ("127.0.0.1", 2375), ("172.17.0.1", 22), ("169.254.169.254", 80), ("::1", 80))
            ),
            setup="import socket",
            errors=UNREACHABLE,
        )
    ),
    refusing("looking_up_a_name_fails", "socket.getaddrinfo('example.com', 80)", "socket.gethostbyname('redis')", "socket.gethostbyname('host.docker.internal')",
             setup="import socket", errors={-2, -3, -5, errno.EPERM, errno.ENOENT}),
    ending("fetching_a_page_fails", Outcome.FAILED, "import urllib.request\nurllib.request.urlopen('http://169.254.169.254/latest/meta-data', timeout=1)"),
    seeing("there_is_no_interface_but_loopback", {"names": []},
           "import os\nemit(names=sorted(set(os.listdir('/sys/class/net')) - {'lo'}) if os.path.isdir('/sys/class/net') else [])"),
    seeing("loopback_itself_cannot_be_used", {"open": False},
           "import socket\ntry:\n    s = socket.socket(); s.bind(('127.0.0.1', 0)); emit(open=True)\nexcept OSError: emit(open=False)"),
    refusing(
        "abstract_sockets_of_the_host_are_not_there",
        *(f"socket.socket(socket.AF_UNIX).connect({name!r})" for name in ("\0/tmp/.X11-unix/X0", "\0containerd-shim", "\0/org/freedesktop/systemd1", "\0windtunnel-test")),
        setup="import socket",
        errors={errno.ECONNREFUSED, errno.EPERM, errno.EACCES, errno.ENOENT},
    ),
    seeing("no_socket_of_the_host_is_listed", {"lines": []}, """
        import os
        lines = []
        for name in ("tcp", "tcp6", "udp", "udp6", "raw", "packet"):
            if os.path.exists(f"/proc/self/net/{name}"):
                lines += open(f"/proc/self/net/{name}").read().splitlines()[1:]
        lines += [line for line in open("/proc/self/net/unix").read().splitlines()[1:] if "docker" in line or "containerd" in line or "@" in line] \\
            if os.path.exists("/proc/self/net/unix") else []
        emit(lines=[line for line in lines if not line.strip().startswith(("sk", "0000000000000000"))][:10])
        """),
    refusing("passing_a_descriptor_reaches_nobody_outside", "send_to('/proc/1/fd/1')", setup="""
        import array, socket
        def send_to(path):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.connect(path)
            s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
        """, errors={errno.EACCES, errno.ENOENT, errno.ECONNREFUSED}),
    refusing("routes_and_interfaces_cannot_be_changed", "fcntl.ioctl(socket.socket(socket.AF_UNIX), 0x8914, b'lo' + b'\\0' * 38)",
             "fcntl.ioctl(socket.socket(socket.AF_UNIX), 0x890B, b'\\0' * 120)", setup="import fcntl, socket",
             errors={errno.EPERM, errno.EACCES, errno.ENOTTY, errno.EINVAL, errno.ENODEV}),
    refusing("files_of_the_network_settings_cannot_be_written", "written('/proc/sys/net/ipv4/ip_forward')", "written('/etc/resolv.conf')", "written('/etc/hosts')"),
]  # fmt: skip


@everywhere(ATTEMPTS)
def test_network(attempt: Attempt, isolation: Isolation, runtime: str, firing_range: Range) -> None:
    firing_range.face(attempt, isolation, runtime)
