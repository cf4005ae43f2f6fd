"""Ways to more rights: users, capabilities, tracing the warden, namespaces, the protocol's end."""

from __future__ import annotations

import errno

from tests.adversarial.attempts import ENDED, VALUE_PIPE, Attempt, ending, everywhere, refusing, sampled, seeing
from tests.adversarial.host import Range

from windtunnel.contract import Isolation, Outcome

USERS = [
    sampled(
        refusing(
            "becoming_root_is_refused",
            "os.setuid(0)",
            "os.setgid(0)",
            "os.setresuid(0, 0, 0)",
            "os.setresgid(0, 0, 0)",
            "os.seteuid(0)",
            "os.setreuid(0, 0)",
        )
    ),
    refusing("joining_groups_is_refused", "os.setgroups([0])", "os.setgroups([])", "os.setgroups([10001])"),
    refusing("becoming_another_jobs_user_is_refused", *(f"os.setuid({user})" for user in (10000, 19999, 21000, 65534))),
    seeing(
        "setting_the_file_system_user_changes_nothing",
        {"user": True},
        "import ctypes, os\nlibc = ctypes.CDLL(None)\nlibc.setfsuid(0)\nlibc.setfsgid(0)\nopen('/tmp/mine', 'w').close()\nmine = os.stat('/tmp/mine')\n"
        "emit(user=mine.st_uid == os.getuid() and mine.st_gid == os.getgid())",
    ),
    # Each in time under gVisor on a busy machine: there are 9,000 files in /opt.
    *(
        seeing(
            f"there_is_no_program_with_anothers_rights_{where}",
            {"found": []},
            f"""
            import os
            found = []
            folders = {folders!r}
            while folders:
                for entry in os.scandir(folders.pop()):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif not entry.is_symlink() and entry.stat().st_mode & 0o6000:
                        found.append(entry.path)
            emit(found=found[:20])
            """,
        )
        for where, folders in {"in_the_system": ["/bin", "/sbin", "/usr"], "among_the_libraries": ["/opt"]}.items()
    ),
    seeing(
        "a_set_user_bit_of_its_own_gives_nothing",
        {"denied": True},
        """
        import os, shutil
        shutil.copy("/bin/true", "/tmp/true")
        os.chmod("/tmp/true", 0o6755)
        try:
            os.execv("/tmp/true", ["true"])
        except PermissionError:
            emit(denied=True)
        """,
    ),
    seeing("a_file_system_user_of_a_neighbour_is_refused", {"same": True},
           "import ctypes, os\nlibc = ctypes.CDLL(None)\nfor user in (0, os.getuid() + 1, os.getuid() + 10_000): libc.setfsuid(user), libc.setfsgid(user)\n"
           "emit(same=libc.setfsuid(-1) == os.getuid() and libc.setfsgid(-1) == os.getgid())",
           runsc={"values": None}),  # it does not know the calls, and says so
    refusing("the_locks_that_another_process_holds_are_not_told", "syscall(274, 1, buffer, buffer)", "syscall(274, os.getppid(), buffer, buffer)", setup="buffer = ctypes.create_string_buffer(64)",
             runsc={"granted": {"syscall(274, 1, buffer, buffer)", "syscall(274, os.getppid(), buffer, buffer)"}}),  # an empty list of its own kernel's
    refusing("giving_files_away_is_refused", "os.chown('/tmp', 0, 0)", "os.chown('/tmp/mine', 0, 0)", "os.chown('/tmp/mine', os.getuid(), 0)",
             setup="open('/tmp/mine', 'w').close()"),
    refusing("file_capabilities_are_refused", "os.setxattr('/tmp/mine', 'security.capability', b'\\1\\0\\0\\2' + b'\\xff' * 16)",
             setup="open('/tmp/mine', 'w').close()", errors={errno.EPERM, errno.EOPNOTSUPP}),
    refusing("an_access_list_on_tmp_is_refused", "os.setxattr('/tmp', 'system.posix_acl_access', b'\\2\\0\\0\\0')", errors={errno.EPERM, errno.EOPNOTSUPP}),
    refusing("changing_tmp_itself_is_refused", "os.chmod('/tmp', 0o777)", "os.rename('/tmp', '/tmp2')", "os.rmdir('/tmp')",
             errors={errno.EPERM, errno.EACCES, errno.EROFS, errno.EBUSY, errno.EXDEV}),
]  # fmt: skip

CAPABILITIES = [
    sampled(
        seeing(
            "no_capability_is_held",
            {"CapInh": 0, "CapPrm": 0, "CapEff": 0},
            """
            for line in open("/proc/self/status"):
                name, _, value = line.partition(":")
                if name in ("CapInh", "CapPrm", "CapEff"):
                    emit(**{name: int(value, 16)})
            """,
        )
    ),
    refusing("taking_capabilities_is_refused", "libc.capset(header, all_of_them)", "libc.prctl(24, 7, 0, 0, 0)",
             setup="header = (ctypes.c_uint32 * 2)(0x20080522, 0)\nall_of_them = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)"),
    refusing("keeping_capabilities_over_a_change_of_user_gives_none", "libc.prctl(8, 1, 0, 0, 0) or os.setuid(0)"),
    refusing("ambient_capabilities_and_secure_bits_are_refused", "libc.prctl(47, 2, 7, 0, 0)", "libc.prctl(28, 0x2F, 0, 0, 0)"),
    seeing("new_rights_stay_off", {"off": 1, "unset": -1},
           "import ctypes\nlibc = ctypes.CDLL(None)\nemit(off=libc.prctl(39, 0, 0, 0, 0), unset=libc.prctl(38, 0, 0, 0, 0))"),
    seeing(
        "a_program_that_it_runs_has_no_more_rights",
        {"lines": ["CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]},
        """
        import subprocess
        text = subprocess.run(["/bin/cat", "/proc/self/status"], capture_output=True, text=True).stdout
        emit(lines=[line for line in text.splitlines() if line.startswith(("CapEff", "NoNewPrivs", "Seccomp:"))])
        """,
        # It does not show NoNewPrivs in that file.
        runsc={"values": {"lines": ["CapEff:\t0000000000000000", "Seccomp:\t2"]}},
    ),
    refusing("a_filter_of_its_own_is_refused", "syscall(317, 1, 0, 0)", "syscall(317, 1, 8, 0)"),
    refusing("setting_clocks_is_refused", "syscall(227, 0, b'\\0' * 16)", "syscall(164, b'\\0' * 16, 0)", "syscall(159, b'\\1' * 208)", "syscall(305, 0, b'\\1' * 208)"),
    refusing("setting_the_hosts_name_is_refused", "libc.sethostname(b'x', 1)", "libc.setdomainname(b'x', 1)"),
    refusing("rebooting_is_refused", "syscall(169, 0xFEE1DEAD, 672274793, 0, 0)"),
    refusing("a_higher_priority_is_refused", "os.nice(-5) + 20", "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))",
             "os.setpriority(os.PRIO_PROCESS, 0, -10)",
             # It notes them down: nothing of it schedules by them, nor do the threads that the host knows get them.
             runsc={"granted": {"os.nice(-5) + 20", "os.setpriority(os.PRIO_PROCESS, 0, -10)"}, "errors": {errno.EINVAL}}),
    refusing("raising_hard_limits_is_refused", *(f"resource.setrlimit(resource.{name}, (2**40, 2**40)) or 0" for name in
             ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE")), setup="""
             import resource
             real = resource.setrlimit
             def setrlimit(kind, limits):
                 try:
                     real(kind, limits)
                 except ValueError:
                     raise PermissionError(1, "refused") from None
             resource.setrlimit = setrlimit
             """),
    refusing("a_limit_at_which_crashes_reach_the_host_is_refused", "syscall(160, 4, bytes(16))", "syscall(302, 0, 4, bytes(16), None)",
             "syscall(302, 0, (1 << 32) + 4, bytes(16), None)", "syscall(160, (1 << 32) + 4, bytes(16))"),
    refusing("a_better_memory_score_is_refused", "os.write(written('/proc/self/oom_score_adj'), b'-1000')", "os.write(written('/proc/1/oom_score_adj'), b'1000')",
             # It notes it down: the host kills the whole sandbox.
             runsc={"granted": {"os.write(written('/proc/self/oom_score_adj'), b'-1000')"}}),
]  # fmt: skip

NAMESPACES = [
    sampled(
        refusing(
            "new_namespaces_are_refused",
            *(f"libc.unshare({flag:#x})" for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x8000000, 0x4000000, 0x2000000, 0x80)),
        )
    ),
    sampled(
        refusing(
            "cloning_into_new_namespaces_is_refused",
            *(f"syscall(56, {flag | 17:#x}, 0, 0, 0, 0)" for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x8000000, 0x4000000, 0x2000000)),
        )
    ),
    sampled(
        refusing(
            "the_new_clone_call_is_refused",
            *(f"syscall(435, ({flag:#x}).to_bytes(8, 'little') + b'\\0' * 80, 88)" for flag in (0, 0x10000000, 0x20000, 0x20000000, 0x80)),
            errors={errno.ENOSYS},  # anything else would keep the C library from starting threads by the old call
        )
    ),
    refusing("joining_a_namespace_is_refused", *(f"libc.setns(os.open('/proc/{owner}/ns/{name}', os.O_RDONLY), 0)"
             for owner in ("self", "1") for name in ("mnt", "net", "pid", "user", "ipc", "uts"))),
    refusing("the_namespaces_of_process_1_are_out_of_reach", "os.open('/proc/1/ns/mnt', os.O_RDONLY)", "os.readlink('/proc/1/ns/net')",
             runsc={"granted": {"os.readlink('/proc/1/ns/net')"}}),  # a number of its own
]  # fmt: skip

WARDENS_FILES = (
    "len(os.listdir('/proc/1/fd'))",
    "os.open('/proc/1/maps', os.O_RDONLY)",
    "os.open('/proc/1/environ', os.O_RDONLY)",
    "os.open('/proc/1/fd/0', os.O_RDONLY)",
)
WARDEN = [
    sampled(
        refusing(
            "the_wardens_memory_is_out_of_reach",
            "os.open('/proc/1/mem', os.O_RDWR)",
            "os.open('/proc/1/mem', os.O_RDONLY)",
        )
    ),
    refusing(
        "the_wardens_map_and_environment_are_out_of_reach",
        *WARDENS_FILES,
        # It shows them. The environment has no secret, no address helps without the memory, descriptor 0 is /dev/null.
        runsc={"granted": frozenset(WARDENS_FILES)},
    ),
    seeing("the_wardens_environment_tells_nothing_new", {"strange": []}, """
        import os
        try:
            lines = open("/proc/1/environ").read().split("\\0")
        except OSError:
            lines = []
        emit(strange=sorted(set(filter(None, lines)) - {f"{name}={value}" for name, value in os.environ.items()}))
        """),
    sampled(
        seeing(
            "no_descriptor_of_another_can_be_opened",
            {"opened": []},
            """
            import contextlib, os
            opened, own = [], set()
            for fd in range(32):
                with contextlib.suppress(OSError):
                    own.add((os.fstat(fd).st_dev, os.fstat(fd).st_ino))
            for pid in (1, os.getppid()):
                for fd in range(32):
                    ways = [f"/proc/{pid}/fd/{fd}"]
                    with contextlib.suppress(OSError):
                        ways.append(f"/proc/self/fd/{os.open(ways[0], os.O_PATH)}")
                    for way in ways:
                        for mode in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
                            with contextlib.suppress(OSError):
                                got = os.open(way, mode | os.O_NONBLOCK)
                                status = os.fstat(got)  # under gVisor: the other ends of its own pipes
                                if (status.st_dev, status.st_ino) not in own:
                                    opened.append((pid, fd, mode))
                                os.close(got)
            emit(opened=opened)
            """,
        )
    ),
    sampled(
        ending(
            "frames_written_to_the_streams_of_others_are_not_taken",
            Outcome.FAILED,
            """
            import os, struct
            for pid in {1, os.getppid()}:
                for fd in range(16):
                    try:
                        stream = os.open(f"/proc/{pid}/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)
                        for kind, payload in ((b"V", b'{"sharpe": 99}'), (b"X", b'{"exit_code": 0, "duration_s": 0.1, "clean": true}')):
                            os.write(stream, struct.pack(">cI", kind, len(payload)) + payload)
                    except OSError:
                        pass
            raise SystemExit(3)
            """,
            values={},
        )
    ),
    refusing(
        "the_parent_is_as_far_away_as_process_1",
        "os.open(f'/proc/{os.getppid()}/mem', os.O_RDWR)",
        "os.open(f'/proc/{os.getppid()}/fd/2', os.O_WRONLY)",  # no_descriptor_of_another_can_be_opened has the others
        "libc.ptrace(16, os.getppid(), 0, 0)",
    ),
    refusing("tracing_the_warden_is_refused", "libc.ptrace(16, 1, 0, 0)", "libc.ptrace(0x4206, 1, 0, 0)",
             "libc.process_vm_readv(1, 0, 0, 0, 0, 0)", "libc.process_vm_writev(1, 0, 0, 0, 0, 0)", "syscall(312, os.getpid(), 1, 0, 0, 0)"),
    refusing("being_traced_is_refused", "libc.ptrace(0, 0, 0, 0)"),
    refusing("taking_the_wardens_descriptors_is_refused", "syscall(434, 1, 0)", "syscall(438, 0, 0, 0)", "syscall(424, 0, 9, 0, 0)", "syscall(440, 0, 0, 0, 0, 0)"),
    refusing("changing_the_wardens_limits_is_refused",
             *(f"resource.prlimit({pid}, resource.{limit}, (0, 0))" for pid in ("1", "os.getppid()") for limit in ("RLIMIT_NOFILE", "RLIMIT_CPU")),
             setup="import resource"),
    refusing("giving_its_parent_a_child_is_refused", "syscall(56, 0x8000 | 17, 0, 0, 0, 0)"),
    ending(
        "killing_the_warden_does_nothing",
        Outcome.SUCCEEDED,
        """
        import contextlib, os
        for number in range(1, 65):
            with contextlib.suppress(PermissionError):
                os.kill(1, number)
        print("alive")
        """,
        stdout="alive\n",
        keeps_cell=True,
    ),
    ending(
        "killing_the_interpreter_is_refused_or_changes_nothing",
        Outcome.SUCCEEDED,
        """
        import contextlib, os
        for number in (9, 19, 15, 17, 2):
            with contextlib.suppress(PermissionError):
                os.kill(os.getppid(), number)
        print("alive")
        """,
        stdout="alive\n",
        keeps_cell=True,
    ),
    ending(
        "killing_everybody_kills_only_the_program",
        Outcome.FAILED,
        """
        import contextlib, os, signal
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(-1, number)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        signal=9,
    ),
    ending(
        "killing_the_group_kills_only_the_program",
        Outcome.FAILED,
        "import os, signal\ntry: os.killpg(1, signal.SIGKILL)\nexcept OSError: pass\nos.kill(0, signal.SIGKILL)",
        signal=9,
    ),
]  # fmt: skip

END = '{"exit_code": 0, "duration_s": 0.1, "clean": true}'
PROTOCOL = [
    ending(
        "frames_on_stdout_are_only_output",
        Outcome.FAILED,
        f"""
        import os, struct
        for stream in (1, 2):
            for kind, payload in ((b"V", b'{{"sharpe": 99}}'), (b"X", b'{END}')):
                os.write(stream, struct.pack(">cI", kind, len(payload)) + payload)
        raise SystemExit(3)
        """,
        values={},
    ),
    ending(
        "docker_stream_headers_on_stdout_are_only_output",
        Outcome.FAILED,
        """
        import os, struct
        inner = struct.pack(">cI", b"X", 16) + b'{"exit_code": 0}'
        os.write(1, struct.pack(">BxxxI", 1, len(inner)) + inner)
        raise SystemExit(3)
        """,
        values={},
    ),
    ending(
        "an_end_forged_on_the_value_pipe_is_dropped",
        Outcome.FAILED,
        VALUE_PIPE + "os.write(pipe, b'X{\"exit_code\": 0}\\nR{}\\nS\\nO1\\nE1\\nJ{}\\n')\nraise SystemExit(3)",
        values={},
        stdout="",
    ),
    ending(
        "a_start_forged_on_the_value_pipe_is_dropped",
        Outcome.SUCCEEDED,
        VALUE_PIPE + 'os.write(pipe, b\'I{"versions": {"python": "forged"}}\\nS{"versions": {"python": "forged"}}\\n'
        'R{"versions": {"python": "forged"}}\\nA{"name": "forged", "bytes": 1}\\nBx\\n\')',
        values={},
        artifacts=frozenset(),
        absent=("forged",),
    ),
    ending(
        "a_forged_fault_cannot_blame_a_limit_of_ours",
        Outcome.FAILED,
        VALUE_PIPE + "os.write(pipe, b'F{\"exit_code\": 0}\\n')\nos._exit(9)",
    ),
    *(
        ending(
            f"a_forged_record_can_be_stored_{name}",
            {Outcome.FAILED, Outcome.MEMORY_EXCEEDED, Outcome.DISK_EXCEEDED},
            f"{VALUE_PIPE}\nos.write(pipe, ({line})[:60000] + b'\\n')\nos._exit(9)",
        )
        for name, line in {
            "of_a_list": "b'V[]'",
            "of_nothing": "b'V'",
            "of_half_an_object": "b'V{'",
            "of_no_unicode": "b'V\\xff\\xfe'",
            "of_infinity": 'b\'V{"x": 1e999, "y": NaN}\'',
            "of_a_giant_number": "b'V{\"x\": ' + b'9' * 5000 + b'}'",
            "of_lone_surrogates": 'b\'V{"x": "\\\\ud800", "\\\\udfff": 1}\'',
            "of_depth": "b'V{\"x\": ' + b'[' * 29000 + b']' * 29000 + b'}'",
            "of_wrong_types": 'b\'F{"type": [], "message": {}, "line": -1, "errno": {}, "memory": []}\'',
            "of_a_giant_message": "b'F{\"message\": \"' + b'x' * 50000 + b'\"}'",
            "of_a_fault_that_is_a_list": "b'F[]'",
        }.items()
    ),
    ending(
        "the_programs_own_reporter_cannot_be_turned_on_the_host",
        ENDED,
        """
        import sys
        main = sys.modules["program"]
        main.json.dumps = lambda *_: "{" * 1000
        emit(x=1)
        """,
        values={},
    ),
]

ATTEMPTS: list[Attempt] = [*USERS, *CAPABILITIES, *NAMESPACES, *WARDEN, *PROTOCOL]


@everywhere(ATTEMPTS)
def test_privilege(attempt: Attempt, isolation: Isolation, runtime: str, firing_range: Range) -> None:
    firing_range.face(attempt, isolation, runtime)
