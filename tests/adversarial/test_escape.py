"""Ways out of the sandbox: known runc and kernel paths, mounts, devices, links, descriptors, the host's end."""

from __future__ import annotations

import errno

from tests.adversarial.attempts import (
    ENDED,
    REFUSALS,
    VALUE_PIPE,
    Attempt,
    ending,
    everywhere,
    refusing,
    sampled,
    seeing,
)
from tests.adversarial.host import Range

from windtunnel.contract import Isolation, Outcome

RAW_SYSCALL = """
import ctypes, mmap, struct
def machine_code(code, argument=b""):
    # Code and argument below 4 GB, as a 32-bit call takes its pointers from there.
    libc.mmap.restype = ctypes.c_void_p
    page = libc.mmap(None, 4096, 7, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40, -1, 0)
    ctypes.memmove(page, code.replace(b"ARGP", struct.pack("<I", (page + 512) & 0xFFFFFFFF)), len(code))
    ctypes.memmove(page + 512, argument, len(argument))
    return ctypes.CFUNCTYPE(ctypes.c_int)(page)()
"""

KERNEL_FILES = [
    sampled(refusing("writing_core_pattern_is_refused", "written('/proc/sys/kernel/core_pattern')")),
    refusing("writing_the_module_loaders_path_is_refused", "written('/proc/sys/kernel/modprobe')"),
    refusing("writing_the_hotplug_helper_is_refused", "written('/proc/sys/kernel/hotplug')", "written('/sys/kernel/uevent_helper')"),
    refusing(
        "registering_a_binary_format_is_refused",
        "written('/proc/sys/fs/binfmt_misc/register')",
        "libc.mount(b'none', b'/proc/sys/fs/binfmt_misc', b'binfmt_misc', 0, None)",
    ),
    refusing("pulling_the_sysrq_trigger_is_refused", "written('/proc/sysrq-trigger')"),
    refusing("turning_off_address_randomisation_is_refused", "written('/proc/sys/kernel/randomize_va_space')"),
    refusing("panicking_the_kernel_is_refused", "written('/proc/sys/kernel/panic')", "written('/proc/sys/vm/panic_on_oom')"),
    seeing(
        "no_file_of_proc_sys_or_sys_can_be_opened_for_writing",
        {"written": []},
        """
        import os
        written = []
        for top in ("/sys", "/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs"):
            for folder, _, files in os.walk(top):
                for name in files:
                    path = os.path.join(folder, name)
                    try:
                        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                        written.append(path)
                    except OSError:
                        pass
        emit(written=written[:20])
        """,
    ),
    seeing(
        "only_files_of_its_own_process_in_proc_can_be_opened_for_writing",
        {"written": []},
        """
        import os
        written = []
        for name in os.listdir("/proc"):
            path = f"/proc/{name}"
            if name.isdigit() or os.path.isdir(path):
                continue
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                # The masked ones are /dev/null.
                if not os.path.samestat(os.stat(path), os.stat("/dev/null")):
                    written.append(path)
            except OSError:
                pass
        emit(written=written)
        """,
    ),
    refusing("writing_a_security_label_is_refused", "os.write(written('/proc/self/attr/current'), b'unconfined')",
             errors={errno.EINVAL, errno.EPERM, errno.EACCES, errno.ENOENT, errno.EROFS}),
    refusing("writing_an_id_map_is_refused", "os.write(written('/proc/self/uid_map'), b'0 0 1')"),
]  # fmt: skip

CONTROL_GROUPS = [
    sampled(
        refusing(
            "setting_a_release_agent_is_refused",
            "written('/sys/fs/cgroup/memory/release_agent', os.O_WRONLY)",
            "written('/sys/fs/cgroup/release_agent', os.O_WRONLY)",
            "libc.mount(b'cgroup', b'/tmp', b'cgroup', 0, b'rdma')",
        )
    ),
    seeing(
        "no_control_group_can_be_made_or_written",
        {"made": []},
        """
        import os
        made = []
        for folder, folders, files in os.walk("/sys/fs/cgroup"):
            try:
                os.mkdir(folder + "/windtunnel-escaped")
                made.append(folder)
            except OSError:
                pass
            for name in files:
                try:
                    os.close(os.open(f"{folder}/{name}", os.O_WRONLY))
                    made.append(f"{folder}/{name}")
                except OSError:
                    pass
        emit(made=made[:20])
        """,
    ),
    refusing(
        "leaving_its_control_group_is_refused",
        "written('/sys/fs/cgroup/pids/cgroup.procs')",
        "written('/sys/fs/cgroup/cgroup.procs')",
    ),
    refusing("allowing_itself_devices_is_refused", "written('/sys/fs/cgroup/devices/devices.allow')"),
    refusing("raising_its_own_memory_limit_is_refused", "written('/sys/fs/cgroup/memory/memory.limit_in_bytes')",
             "written('/sys/fs/cgroup/memory.max')"),
]  # fmt: skip

MOUNTS = [
    sampled(
        refusing(
            "mounting_is_refused",
            "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
            "libc.mount(b'proc', b'/tmp', b'proc', 0, None)",
            "libc.mount(b'/', b'/tmp', None, 4096, None)",
            "libc.mount(None, b'/', None, 32, None)",
        )
    ),
    refusing("unmounting_is_refused", "libc.umount2(b'/proc/sys', 2)", "libc.umount2(b'/tmp', 2)", "libc.umount2(b'/proc/kcore', 2)"),
    refusing("remounting_the_root_writable_is_refused", "libc.mount(b'/', b'/', None, 32 | 4096, None)"),
    refusing(
        "the_new_mount_calls_are_refused",
        "syscall(428, -100, b'/', 1)",
        "syscall(429, -100, b'/', -100, b'/tmp', 0)",
        "syscall(430, b'tmpfs', 0)",
        "syscall(431, 0, 6, None, None, 0)",
        "syscall(432, 0, 0, 0)",
        "syscall(433, -100, b'/', 0)",
        "syscall(442, -100, b'/', 0, None, 0)",
    ),
    refusing("changing_the_root_is_refused", "libc.chroot(b'/tmp')", "syscall(155, b'/tmp', b'/tmp')"),
    refusing("writing_outside_tmp_is_refused", *(f"written('{folder}/windtunnel-escaped', os.O_CREAT | os.O_WRONLY)"
             for folder in ("", "/etc", "/opt/windtunnel", "/data", "/dev", "/dev/mqueue", "/run", "/var/tmp", "/usr/lib"))),
    refusing("there_is_no_shared_memory_directory", "written('/dev/shm/windtunnel-escaped', os.O_CREAT | os.O_WRONLY)"),
    refusing(
        "running_a_file_from_tmp_is_refused",
        "os.execv('/tmp/true', ['true'])",
        "os.execv('/tmp/script', ['script'])",
        setup="""
        import shutil
        shutil.copy("/bin/true", "/tmp/true")
        open("/tmp/script", "w").write("#!/bin/true")
        os.chmod("/tmp/true", 0o755)
        os.chmod("/tmp/script", 0o755)
        """,
    ),
    refusing("mapping_a_file_of_tmp_as_code_is_refused", "libc.mmap(None, 4096, 5, 2, fd, 0)",
             setup="open('/tmp/code', 'wb').write(b'x' * 4096)\nfd = os.open('/tmp/code', os.O_RDONLY)\nlibc.mmap.restype = ctypes.c_ssize_t",
             # Its mmap passes over noexec, its execve does not; code in memory without a file may be had anywhere.
             runsc={"granted": {"libc.mmap(None, 4096, 5, 2, fd, 0)"}}),
    refusing("a_file_in_memory_to_run_is_refused", "syscall(319, b'x', 0)", "syscall(447, 0)"),
]  # fmt: skip

DEVICES = [
    sampled(
        refusing(
            "making_a_device_is_refused",
            "os.mknod('/tmp/sda', 0o60600, os.makedev(8, 0))",
            "os.mknod('/tmp/mem', 0o20600, os.makedev(1, 1))",
            "syscall(133, b'/tmp/vda', 0o60600, 0xFE00)",
            "syscall(259, -100, b'/tmp/vda', 0o60600, 0xFE00)",
            "os.mkfifo('/tmp/pipe')",
        )
    ),
    refusing("devices_of_the_host_are_not_there", *(f"os.open('/dev/{name}', os.O_RDONLY)" for name in
             ("mem", "kmem", "port", "kmsg", "vda", "sda", "loop0", "kvm", "vhost-vsock", "nvram", "snapshot"))),
    # gVisor shows devices of its own by these names.
    refusing("making_an_interface_or_a_file_system_by_device_is_refused", "fcntl.ioctl(os.open('/dev/net/tun', os.O_RDWR), 0x400454CA, b'tun0'.ljust(40, b'\\0'))",
             "libc.mount(b'none', b'/tmp', b'fuse', 0, b'rootmode=40000,user_id=0,group_id=0,fd=%d' % os.open('/dev/fuse', os.O_RDWR))", setup="import fcntl"),
    seeing(
        "only_harmless_devices_are_there",
        {"strange": []},
        """
        import os
        known = {"console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "stderr", "stdin", "stdout",
                 "tty", "urandom", "zero", "shm"}
        emit(strange=sorted(set(os.listdir("/dev")) - known))
        """,
        runsc={"values": {"strange": ["fuse", "net"]}},
    ),
    refusing("typing_into_a_terminal_is_refused", "fcntl.ioctl(written('/dev/tty'), 0x5412, b'x')",
             "fcntl.ioctl(written('/dev/console'), 0x5412, b'x')", setup="import fcntl",
             runsc={"errors": REFUSALS | {errno.EIO}}),  # what it says where there is no terminal
]  # fmt: skip

KERNEL_PATHS = [
    refusing("overwriting_the_runtimes_binary_is_refused", "written('/proc/1/exe')", "written('/proc/1/exe', os.O_RDWR)"),  # CVE-2019-5736
    seeing(
        "no_descriptor_leads_out",  # CVE-2024-21626
        {"strange": []},
        """
        import os
        strange = []
        for fd in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{fd}")
            except FileNotFoundError:
                continue  # the listing's own
            if target != "/dev/null" and not target.startswith(("pipe:", "/proc/", "host:")):
                strange.append((fd, target))
        emit(strange=strange)
        """,
    ),
    seeing(
        "a_program_holds_four_descriptors",
        {"count": 4},
        "import os\nemit(count=len([fd for fd in range(256) if os.path.exists(f'/proc/self/fd/{fd}')]))",
    ),
    refusing(
        "a_descriptor_is_no_way_up",
        *(f"os.open('/proc/self/fd/{fd}/../../../../tmp', os.O_RDONLY)" for fd in (0, 3, 5, 7, 8, 9)),
    ),
    seeing(
        "the_page_cache_of_the_image_cannot_be_spliced_over",  # CVE-2022-0847
        {"same": True},
        """
        import os
        path = "/opt/windtunnel/warden.py"
        before = open(path, "rb").read()
        file = os.open(path, os.O_RDONLY)
        read, write = os.pipe()
        os.write(write, b"x" * 65536)
        os.read(read, 65536)
        try:
            os.splice(file, write, 1, offset_src=4)
        except OSError:
            pass
        os.write(write, b"windtunnel-escaped")
        emit(same=open(path, "rb").read() == before)
        """,
    ),
    seeing(
        "a_private_mapping_cannot_be_written_through",  # CVE-2016-5195
        {"same": True},
        """
        import ctypes, os, threading
        path = "/opt/windtunnel/warden.py"
        before = open(path, "rb").read()
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        file = os.open(path, os.O_RDONLY)
        address = libc.mmap(None, 4096, 1, 2, file, 0)
        def discard():
            for _ in range(2000):
                libc.madvise(ctypes.c_void_p(address), 4096, 4)
        thread = threading.Thread(target=discard)
        thread.start()
        try:
            memory = os.open("/proc/self/mem", os.O_RDWR)
            for _ in range(2000):
                os.pwrite(memory, b"windtunnel-escaped", address)
        except OSError:
            pass
        thread.join()
        emit(same=open(path, "rb").read() == before)
        """,
    ),
    refusing("opening_files_by_handle_is_refused", "syscall(303, -100, b'/', b'\\x80' + b'\\0' * 256, b'\\0' * 4, 0)",
             "syscall(304, -100, b'\\x08\\0\\0\\0\\1\\0\\0\\0\\2\\0\\0\\0\\0\\0\\0\\0', 0)"),
    refusing("loading_a_kernel_module_is_refused", "syscall(175, b'', 0, b'')", "syscall(313, 0, b'', 0)", "syscall(176, b'overlay', 0)"),
    refusing("loading_another_kernel_is_refused", "syscall(246, 0, 0, 0, 0)", "syscall(320, 0, 0, 0, 0, 0)"),
    refusing("bpf_is_refused", "syscall(321, 0, b'\\0' * 64, 64)", "syscall(321, 5, b'\\0' * 64, 64)"),
    refusing("io_uring_is_refused", "syscall(425, 1, b'\\0' * 128)", "syscall(426, 0, 0, 0, 0, 0)", "syscall(427, 0, 0, 0, 0)"),
    refusing("user_fault_handling_is_refused", "syscall(323, 0)", "syscall(323, 1)"),
    refusing("kernel_keyrings_are_refused", "syscall(250, 0, -3, 1)", "syscall(248, b'user', b'x', b'x', 1, -3)", "syscall(249, b'user', b'x', 0, 0)"),
    refusing("performance_counters_are_refused", "syscall(298, b'\\0' * 128, 0, -1, -1, 0)"),
    refusing("input_output_ports_are_refused", "syscall(172, 3)", "syscall(173, 0x80, 1, 1)"),
    refusing("segment_descriptors_are_refused", "syscall(154, 1, b'\\0' * 16, 16)"),
    refusing("watching_all_of_a_file_system_is_refused", "syscall(300, 0, 0)"),
    refusing("swap_quota_and_accounting_are_refused", "syscall(167, b'/tmp/x', 0)", "syscall(168, b'/tmp/x')", "syscall(179, 0, 0, 0, 0)", "syscall(163, b'/tmp/x')"),
    refusing("old_asynchronous_io_is_refused", "syscall(206, 8, b'\\0' * 8)"),
    refusing("memory_policies_are_refused", "syscall(238, 0, 0, 0)", "syscall(256, 1, 0, 0, 0)", "syscall(279, 1, 0, 0, 0, 0, 0)"),
    refusing("splicing_its_memory_is_refused", "syscall(278, 1, 0, 0, 0)"),
    refusing("calls_that_the_kernel_may_get_tomorrow_are_refused", *(f"syscall({number}, 0, 0, 0, 0, 0, 0)" for number in (453, 460, 470, 500))),
    ending(
        "x32_system_calls_open_no_socket",
        ENDED,
        """
        import ctypes
        got = ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 + 41), 40, 1, 0)
        raise SystemExit(0 if got < 0 else "escaped")
        """,
        absent=("escaped",),
    ),
    ending(
        "a_32_bit_system_call_opens_no_socket",
        ENDED,
        f"""
import ctypes, os, stat, struct
libc = ctypes.CDLL(None)
{RAW_SYSCALL}
# push rbx; mov eax, 102 (socketcall); mov ebx, 1 (socket); mov ecx, ARGP; int 0x80; pop rbx; ret
got = machine_code(bytes.fromhex("53b866000000bb01000000b9") + b"ARGP" + bytes.fromhex("cd805bc3"), struct.pack("<III", 40, 1, 0))
try:
    # gVisor takes the number as one of the 64-bit calls, filter and all: there it is getuid.
    opened = stat.S_ISSOCK(os.fstat(got).st_mode)
except OSError:
    opened = False
raise SystemExit("escaped" if opened else 0)
""",
        absent=("escaped",),
    ),
]  # fmt: skip

HOST_ENDS = [
    sampled(
        refusing(
            "the_docker_socket_is_not_there",
            *(
                f"socket.socket(socket.AF_UNIX).connect({path!r})"
                for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")
            ),
            setup="import socket",
        )
    ),
    refusing("the_root_of_process_1_is_out_of_reach", "os.open('/proc/1/root', os.O_RDONLY)", "os.listdir('/proc/1/root/')",
             "os.open('/proc/1/cwd', os.O_RDONLY)", "os.readlink('/proc/1/exe')"),
    seeing(
        "going_up_ends_at_its_own_root",
        {"same": True},
        "import os\nhere = os.stat('/')\nup = os.stat('/' + '../' * 50)\nroot = os.stat('/proc/self/root/../..')\n"
        "emit(same=os.path.samestat(here, up) and os.path.samestat(here, root))",
    ),
    refusing(
        "a_link_leads_to_nothing_of_the_host",
        *(f"open('/tmp/{number}').read()" for number in range(3)),
        setup="""
        for number, target in enumerate(("/etc/shadow", "/proc/1/root/etc/shadow", "/proc/1/cwd/x")):
            os.symlink(target, f"/tmp/{number}")
        """,
    ),
    refusing("linking_a_file_of_the_image_is_refused", "os.link('/etc/passwd', '/tmp/passwd')", "os.link('/proc/1/maps', '/tmp/maps')",
             errors={errno.EXDEV, errno.EPERM, errno.EACCES}),
]  # fmt: skip

ARTIFACTS = [
    ending(
        "links_pipes_and_directories_are_no_artifacts",
        Outcome.SUCCEEDED,
        """
        import os
        os.chdir("/tmp/artifacts")
        os.symlink("/etc/passwd", "b-link")
        os.symlink("/proc/self/mem", "c-link")
        import socket
        socket.socket(socket.AF_UNIX).bind("d-socket")
        os.mkdir("e-folder")
        os.symlink("/etc", "e-folder/link")
        os.mkdir("f-locked", 0)
        os.mkdir("h-listed")
        open("h-listed/inside", "w").write("mine")
        os.chmod("h-listed", 0o400)
        os.mkdir("i-folder")
        open("i-folder/file", "w").write("mine")
        open("g-locked", "w").write("mine")
        os.chmod("g-locked", 0)
        open("a-file", "w").write("mine")
        open("z-file", "w").write("mine")
        """,
        absent=("root:x",),
        artifacts=frozenset({"a-file", "i-folder/file", "z-file"}),
    ),
    ending(
        "a_sparse_giant_is_no_artifact",
        Outcome.SUCCEEDED,
        "import os\nos.truncate(os.open('/tmp/artifacts/big', os.O_CREAT | os.O_WRONLY), 15 * 2**20)",
        artifacts=frozenset(),
    ),
    ending(
        "artifacts_cannot_be_forged",
        Outcome.SUCCEEDED,
        VALUE_PIPE
        + """
import json
os.write(pipe, b"A" + json.dumps({"name": "../escape", "bytes": 4}).encode() + b"\\nBtext\\n")
for record in (b"D[]", b"D", b'D{"name": "x"}', b'D{"name": "x", "bytes": 1e999, "reason": "y"}'):
    os.write(pipe, record + b"\\n")
""",
        artifacts=frozenset(),
    ),
    ending(
        "artifacts_of_odd_names_come_under_safe_ones",
        Outcome.SUCCEEDED,
        r"""
        names = (b"a\nb", b"\xff", b"x" * 200, "\u202etxt".encode(), b"-rf", b".hidden", b"\x1b[2J")
        for name in names: open(name, "w").write("x")
        """,
        artifacts=frozenset({"a_b", "_", "x" * 120, "_txt", "_rf", "_hidden", "__2J"}),
    ),
    ending(
        "too_many_artifacts_are_cut",
        Outcome.SUCCEEDED,
        "for i in range(400): open(f'/tmp/artifacts/{i:03}', 'w').write('x')",
        artifacts=frozenset(f"{number:03}" for number in range(64)),
    ),
    ending(
        "an_artifact_that_a_daemon_writes_to_comes_back_whole",
        Outcome.SUCCEEDED,
        "import os\nfile = open('a', 'wb', buffering=0)\nif os.fork() == 0:\n    os.setsid()\n    while True: file.write(bytes(9999)), file.truncate(9), file.seek(9)",
        artifacts=frozenset({"a"}),
    ),
    ending(
        "artifacts_of_a_program_that_never_ends_come_back",
        Outcome.TIMED_OUT,
        "import os\nopen('a', 'w').write('x')\nos.fork()\nwhile True: open('b', 'w').write('y' * 100)",
        artifacts=frozenset({"a", "b"}),
    ),
    ending(
        "an_artifacts_directory_that_is_a_link_gives_nothing",
        Outcome.SUCCEEDED,
        "import os\nos.rmdir('/tmp/artifacts')\nos.symlink('/etc', '/tmp/artifacts')",
        absent=("root:x",),
        artifacts=frozenset(),
    ),
]

ATTEMPTS: list[Attempt] = [
    *KERNEL_FILES,
    *CONTROL_GROUPS,
    *MOUNTS,
    *DEVICES,
    *KERNEL_PATHS,
    *HOST_ENDS,
    *ARTIFACTS,
]


@everywhere(ATTEMPTS)
def test_escape(attempt: Attempt, isolation: Isolation, runtime: str, firing_range: Range) -> None:
    firing_range.face(attempt, isolation, runtime)
