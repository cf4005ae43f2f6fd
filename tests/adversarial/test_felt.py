"""What one sandbox does to another or to the host by calls that give it nothing: work, memory and signs in common.

Many attempts share a program here, each an expression that must be refused.
"""

from __future__ import annotations

import errno

import pytest
from tests.adversarial.attempts import LIMITS, REFUSALS, Attempt, everywhere, leaving, refusing, sampled, seeing
from tests.adversarial.host import Range

from windtunnel.contract import Isolation, Outcome
from windtunnel_worker.sandbox import Hooks

SHARED_FILE = "file = os.open('/etc/hosts', os.O_RDONLY)\nbuffer = ctypes.create_string_buffer(4096)\nimport fcntl\n"
PAGE = "import mmap\npage = mmap.mmap(-1, 4096)\naddress = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))"
FILTERED = """
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
nowhere = ctypes.c_void_p(0x1000)
emit(answers=[
    libc.fsync(9999), libc.fdatasync(9999), libc.syncfs(9999), libc.sync_file_range(9999, 0, 0, 7), libc.readahead(9999, 0, 4096),
    libc.posix_fadvise(9999, 0, 0, 4), libc.posix_fadvise(9999, 0, 0, 3), libc.msync(nowhere, 4096, 4), libc.msync(nowhere, 4096, 6),
    libc.fcntl(9999, 6, nowhere), libc.fcntl(9999, 7, nowhere),
])
"""
"""Of a descriptor and an address that are not there: only who never looked at them says that all is well."""

DISK = [
    sampled(seeing("flushing_advice_and_locks_do_not_reach_the_hosts_kernel", {"answers": [0] * 11}, FILTERED,
                   runsc={"values": {"answers": [*[0] * 9, -1, -1]}})),  # its own kernel looks at locks
    seeing("asking_whether_an_address_is_mapped_still_works", {"answers": [-1, 0]},
           "import ctypes, mmap\nlibc = ctypes.CDLL(None)\npage = mmap.mmap(-1, 4096)\naddress = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
           "emit(answers=[libc.msync(ctypes.c_void_p(0x1000), 4096, 1), libc.msync(ctypes.c_void_p(address), 4096, 1)])"),
    seeing("a_database_of_its_own_still_works", {"rows": [[1], [2]]},
           "import sqlite3\none, other = (sqlite3.connect('/tmp/own.db') for _ in range(2))\none.execute('create table kept (x)')\n"
           "for number in (1, 2):\n    with one if number == 1 else other as link: link.execute('insert into kept values (?)', (number,))\n"
           "emit(rows=[list(row) for row in one.execute('select x from kept order by x')])"),
    refusing("reading_past_the_page_cache_is_refused",
             "os.open('/etc/hosts', os.O_RDONLY | os.O_DIRECT)", "syscall(2, b'/etc/hosts', os.O_DIRECT)", "syscall(437, -100, b'/etc/hosts', b'\\0' * 24, 24)",
             "fcntl.fcntl(file, fcntl.F_SETFL, os.O_DIRECT)", "os.preadv(file, [bytearray(9)], 0, os.RWF_HIPRI)", "os.preadv(file, [bytearray(9)], 0, os.RWF_NOWAIT)",
             "os.pwritev(file, [b'x'], 0, os.RWF_DSYNC)", "syscall(451, file, buffer, buffer, 0)", setup=SHARED_FILE),
]  # fmt: skip

FILES = [
    sampled(refusing("watching_files_that_others_read_is_refused",
             "libc.inotify_init()", "libc.inotify_init1(0)", "libc.inotify_init1(0x800)", "libc.inotify_add_watch(file, b'/etc/hosts', 0xFFF)",
             "libc.inotify_add_watch(file, b'/data', 1)", "libc.inotify_rm_watch(file, 1)", "syscall(300, 0, 0)", "syscall(300, 0x200, 0)", "syscall(301, file, 1, 1, -100, b'/')",
             "fcntl.fcntl(file, fcntl.F_NOTIFY, 1)", setup=SHARED_FILE)),
    refusing("locks_that_hold_for_others_are_refused",
             *(f"libc.flock(file, {how})" for how in (1, 2, 5, 6)),
             *(f"fcntl.fcntl(file, {command}, bytes(32))" for command in (36, 37, 38)),
             "fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)", "fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)", "fcntl.fcntl(file, fcntl.F_GETLEASE)",
             "fcntl.fcntl(file, 1029, 0)", setup=SHARED_FILE),
    refusing("signs_on_a_file_are_refused",
             *(f"fcntl.fcntl(file, {command}, bytes(8))" for command in (1035, 1036, 1037, 1038)),
             "fcntl.fcntl(file, 8, os.getpid())", "fcntl.fcntl(file, 10, 14)", "fcntl.fcntl(file, 15, bytes(8))", "fcntl.fcntl(file, 9)",
             "os.utime(file)", "os.utime('/etc/hosts', (1, 1))", "os.chmod('/etc/hosts', 0o644)", "os.link('/etc/hosts', '/etc/other')", setup=SHARED_FILE),
    refusing("files_and_hints_by_less_used_ways_are_refused",
             *(f"os.open({folder!r}, os.O_TMPFILE | os.O_RDWR)" for folder in ("/", "/data", "/etc", "/opt/windtunnel")),
             "os.truncate('/etc/hosts', 0)", "os.open('/etc/hosts', os.O_RDONLY | os.O_TRUNC)", "os.open(f'/proc/self/fd/{file}', os.O_DIRECT)",
             *(f"fcntl.fcntl(own, {command}, bytes(8))" for command in (1033, 1034, 1035, 1036, 1037, 1038)),
             *(f"os.setxattr('/tmp/own', {name!r}, bytes(60_000))" for name in ("user.x", "trusted.x", "system.posix_acl_default")),
             setup=SHARED_FILE + "own = os.open('/tmp/own', os.O_CREAT | os.O_RDWR)", errors=REFUSALS | {errno.EOPNOTSUPP}),
    refusing("asking_and_waiting_by_the_newest_calls_is_refused",
             *(f"syscall({number}, -100, b'/etc/hosts', 0, b'user.x', buffer, 16)" for number in (463, 464, 465, 466, 467, 468, 469)),
             *(f"syscall({number}, buffer, buffer, 64, 0)" for number in (454, 455, 456, 457, 458, 459, 460, 461, 462, 470, 471)), setup=SHARED_FILE),
    refusing("asking_the_file_system_about_a_file_is_refused",
             *(f"fcntl.ioctl(file, {request:#x}, bytearray(256))" for request in (0xC020660B, 0x80086601, 0x40086602, 0x801C581F, 0x401C5820, 0x80087601, 0x40087602,
               0x40049409, 0x4020940D, 0xC0189436, 0x1, 0x2, 0xC0045877, 0xC0045878, 0xC0185879, 0x1272, 0x80081272, 0x1261, 0x125E, 0x5411)),
             "syscall(303, file, b'', buffer, buffer, 0x1000)", setup=SHARED_FILE),
]  # fmt: skip

MEMORY = [
    sampled(refusing("filters_in_the_hosts_common_memory_are_refused",
             "libc.prctl(22, 1, 0, 0, 0)", "libc.prctl(22, 2, buffer, 0, 0)", "syscall(317, 1, 0, buffer)", "syscall(317, 2, 0, buffer)", "syscall(317, 3, 0, buffer)",
             *(f"end.setsockopt(1, {option}, bytes(16))" for option in (26, 27, 44, 50, 51, 52, 36, 42, 46, 47, 55, 60, 61, 64, 69, 70)),
             "end.setsockopt(0, 1, 1)", "end.setsockopt(6, 1, 1)", "end.setsockopt(41, 1, 1)", "end.setsockopt(270, 1, 1)",
             setup=SHARED_FILE + "import socket\nend = socket.socket(socket.AF_UNIX)")),
    refusing("kernel_objects_that_outlive_or_outgrow_a_process_are_refused",
             "syscall(68, 1, 0o1666)", "syscall(69, 0, buffer, 1, 0)", "syscall(64, 1, 1, 0o1666)", "syscall(65, 0, buffer, 1)", "syscall(29, 1, 4096, 0o1666)", "syscall(30, 0, 0, 0)",
             "syscall(240, b'x', 0o102, 0o666, 0)", "syscall(241, b'x')", "syscall(248, b'user', b'x', b'x', 1, -3)", "syscall(249, b'user', b'x', 0, 0)",
             *(f"syscall(250, {operation}, -3, 0, 0, 0)" for operation in (0, 1, 5, 11, 17, 22)),
             "syscall(319, b'x', 0)", "syscall(447, 0)", "syscall(323, 0)", "syscall(425, 8, buffer)", "syscall(426, 3, 1, 0, 0, 0)", "syscall(427, 3, 0, 0, 0)", "syscall(206, 8, buffer)",
             "syscall(298, buffer, 0, -1, -1, 0)", *(f"syscall(321, {command}, buffer, 64)" for command in (0, 5, 18)), "syscall(278, 1, buffer, 1, 0)", "syscall(444, buffer, 8, 0)",
             "syscall(330, 0, 0)", "syscall(216, 0, 4096, 0, 0, 0)", "syscall(151, 1)", "syscall(325, 0, 4096, 1)", "os.openpty()", setup=SHARED_FILE),
    refusing("work_in_all_of_the_hosts_memory_is_refused",
             *(f"libc.madvise(address, 4096, {advice})" for advice in (12, 13, 20, 21, 25, 100, 101)),
             "libc.prctl(67, 1, 0, 0, 0)", "syscall(440, 3, buffer, 1, 21, 0)", "syscall(448, 3, 0)", "syscall(256, 0, 1, buffer, buffer)", "syscall(279, 0, 0, 0, 0, 0, 0)",
             "syscall(237, 0, 4096, 1, 0, 0, 0)", "syscall(238, 1, 0, 0)", "syscall(450, 0, 4096, 0, 0)", *(f"syscall(324, {command}, 0, 0)" for command in (1, 2, 4, 128, 256)),
             setup=SHARED_FILE + PAGE),
    refusing("holding_pages_that_another_sandbox_pays_for_is_refused",
             "libc.mlock(address, 4096)", "syscall(9, 0, 4096, 1, 0x2001, file, 0)", "syscall(275, file, 0, ends[1], 0, 4096, 0)", "syscall(276, ends[0], ends[1], 4096, 0)",
             setup=SHARED_FILE + PAGE + "\nends = os.pipe()"),
    seeing("files_are_copied_without_holding_their_pages", {"errno": errno.EINVAL, "same": True},
           "import filecmp, os, shutil\nfile, ends, code = os.open('/etc/hosts', os.O_RDONLY), os.pipe(), 0\ntry: os.sendfile(ends[1], file, 0, 4096)\n"
           "except OSError as error: code = error.errno\nshutil.copyfile('/etc/hosts', 'copy')\nemit(errno=code, same=filecmp.cmp('/etc/hosts', 'copy'))",
           runsc={"values": {"errno": 0, "same": True}}),  # its own kernel pays
]  # fmt: skip

SCHEDULING = [
    sampled(seeing("moving_between_cores_succeeds_without_effect", {"moved": 0},
             "import os\ncores, moved = os.sched_getaffinity(0), 0\nfor core in cores:\n    os.sched_setaffinity(0, {core})\n    moved += os.sched_getaffinity(0) != cores\nemit(moved=moved)",
             runsc={"values": None})),  # its own kernel notes it down: no thread of the host moves
    refusing("policies_that_go_before_others_are_refused",
             *(f"os.sched_setscheduler(0, os.{policy}, os.sched_param(1))" for policy in ("SCHED_FIFO", "SCHED_RR")),
             # Deadline, extended, and a slice and an idle policy of its own, by sched_setattr.
             *(f"syscall(314, 0, struct.pack('IIQiIQQQ', 48, {policy}, {flags}, 0, 0, 10**6, 10**7, 10**7), 0)" for policy, flags in ((6, 0), (7, 0), (0, 8), (5, 0))),
             "syscall(251, 1, 0, 1 << 13)", setup="import struct", errors=REFUSALS | {errno.EINVAL}),
    sampled(seeing("timers_and_queued_signals_are_few", {"many": False}, """
        import ctypes, os, signal
        libc, timer = ctypes.CDLL(None), ctypes.c_void_p()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
        def taken(act): return next((number for number in range(3000) if act()), 3000)
        signals = taken(lambda: libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), None))
        emit(many=signals + taken(lambda: libc.timer_create(1, None, ctypes.byref(timer))) > 2000)
        """, runsc={"values": None})),  # they are its own kernel's, in the sandbox's memory
]  # fmt: skip

WARDEN = [
    sampled(refusing("the_wardens_place_among_the_hosts_processes_is_refused",
             *(f"{call}" for pid in ("1", "os.getppid()") for call in (
                 f"os.setpriority(os.PRIO_PROCESS, {pid}, 19)", f"os.sched_setaffinity({pid}, {{0}})", f"os.sched_setscheduler({pid}, os.SCHED_IDLE, os.sched_param(0))",
                 f"os.sched_setscheduler({pid}, os.SCHED_BATCH, os.sched_param(0))", f"os.sched_setparam({pid}, os.sched_param(0))", f"syscall(314, {pid}, buffer, 0)", f"syscall(251, 1, {pid}, 0x6000)")),
             "os.setpriority(os.PRIO_PGRP, 1, 19)", "os.setpriority(os.PRIO_PGRP, 0, 19)", "os.setpriority(os.PRIO_USER, 0, 19)", "os.setpriority(os.PRIO_USER, os.getuid(), 19)",
             "syscall(203, 2**32 + 1, 8, buffer)", "syscall(141, 0, 2**32 + 1, 19)", "syscall(302, 2**32 + 1, 7, buffer, 0)", setup=SHARED_FILE)),
    refusing("signals_to_the_warden_are_refused",
             *(f"os.kill(1, {number})" for number in (0, 1, 2, 9, 10, 14, 15, 17, 18, 19, 29, 34, 64)),
             *(f"os.kill(os.getppid(), {number})" for number in (9, 14, 19)),
             "syscall(200, 1, 14)", "syscall(234, 1, 1, 14)", "syscall(129, 1, 14, buffer)", "syscall(297, 1, 1, 14, buffer)", "syscall(424, 3, 14, 0, 0)", setup=SHARED_FILE,
             errors={errno.EPERM, errno.ENOSYS}),
    refusing("other_ways_to_the_warden_are_refused",
             *(f"libc.prctl({option}, 1, 1, 0, 0)" for option in (26, 31, 33, 35, 36, 53, 57, 59, 62, 0x59616D61, 0x53564D41)),
             "syscall(312, os.getpid(), 1, 0, 0, 0)", "syscall(434, 1, 0)", "syscall(438, 3, 0, 0)", "syscall(302, 1, 7, buffer, 0)",
             *(f"os.open('/proc/1/{name}', os.O_WRONLY)" for name in ("oom_score_adj", "oom_adj", "clear_refs", "sched", "autogroup", "comm", "mem", "coredump_filter")),
             "os.write(written('/proc/1/timerslack_ns'), b'1')", setup=SHARED_FILE),
    leaving("the_warden_is_as_it_was_though_it_acts_as_the_programs_user", """
        import contextlib, os
        for number in range(2):
            if os.fork() == 0:
                os.setsid()
                while True:
                    with contextlib.suppress(OSError): os.setpriority(os.PRIO_PROCESS, 1, 19)
                    with contextlib.suppress(OSError): os.sched_setaffinity(1, {0})
        """, "import os\nemit(found=[os.getpriority(os.PRIO_PROCESS, 1), len(os.sched_getaffinity(1)) == os.sysconf('SC_NPROCESSORS_ONLN')])", {"found": [0, True]}),
]  # fmt: skip

ATTEMPTS: list[Attempt] = [*DISK, *FILES, *MEMORY, *SCHEDULING, *WARDEN]


@everywhere(ATTEMPTS)
def test_felt(attempt: Attempt, isolation: Isolation, runtime: str, firing_range: Range) -> None:
    firing_range.face(attempt, isolation, runtime)


@pytest.mark.parametrize("isolation", Isolation)
def test_two_sandboxes_at_a_time_have_no_user_in_common(isolation: Isolation, firing_range: Range) -> None:
    users: list[object] = []

    def run_another(_: object) -> None:
        another = firing_range.run("import os\nemit(user=os.getuid())", isolation, "runc")
        assert another.outcome is Outcome.SUCCEEDED, another
        users.append(another.values["user"])

    code = f"import os, time\nemit(user=os.getuid())\ntime.sleep({LIMITS['runc'].timeout_s})"
    first = firing_range.run(code, Isolation.CONTAINER, "runc", Hooks(lasting=run_another))
    users.append(first.values["user"])
    assert len(set(users)) == len(users) == 2
