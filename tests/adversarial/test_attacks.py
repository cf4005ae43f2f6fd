"""Programs that attack their sandbox, each named by what becomes of it.

Each runs straight in a sandbox, as if validation had let it through. Afterwards the host must still run an
ordinary program, and no container may be left.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support import Run

from windtunnel.contract import Limits, Outcome

SHORT = Limits(timeout_s=1.0, memory_mb=256, processes=20)

VALUE_PIPE = """
import json, os
def find_value_pipe():
    for fd in range(3, 64):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:"):
                return fd
        except OSError:
            pass
pipe = find_value_pipe()
"""
LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"


@pytest.fixture
def attack(run: Run) -> Iterator[Run]:
    yield run
    after = run("print('hello')")
    assert (after.outcome, after.stdout) == (Outcome.SUCCEEDED, "hello\n")


def refusals(attack: Run, *attempts: str, setup: str = "import os") -> None:
    """Each of these expressions must raise an `OSError` or give a negative number."""
    for attempt in attempts:
        code = f"{setup}\ntry:\n    got = {attempt}\nexcept OSError:\n    got = -1\nemit(got=int(got or 0))"
        execution = attack(code)
        assert execution.values == {"got": -1}, (attempt, execution)


# -- the protocol ----------------------------------------------------------------------------------------


def test_frames_on_stdout_are_only_output(attack: Run) -> None:
    end = '{"exit_code": 0, "duration_s": 0.1}'
    code = f"""
        import os, struct
        for stream in (1, 2):
            for kind, payload in ((b"V", b'{{"sharpe": 99}}'), (b"X", b'{end}')):
                os.write(stream, struct.pack(">cI", kind, len(payload)) + payload)
        raise SystemExit(3)
    """
    execution = attack(code)
    assert (execution.outcome, execution.exit_code, execution.values) == (Outcome.FAILED, 3, {})
    assert "sharpe" in execution.stdout


def test_an_end_forged_on_the_value_pipe_is_dropped(attack: Run) -> None:
    execution = attack(VALUE_PIPE + "os.write(pipe, b'X{\"exit_code\": 0}\\nR{}\\nS\\nO1\\n')\nraise SystemExit(3)")
    assert (execution.outcome, execution.exit_code, execution.stdout) == (Outcome.FAILED, 3, "")


@pytest.mark.parametrize(
    "line",
    [
        b"V[]",
        b"V",
        b"V{",
        b"V\xff\xfe",
        b'V{"x": 1e999, "y": NaN}',
        b'V{"x": ' + b"9" * 5000 + b"}",
        b'V{"x": "\\ud800"}',
        b'V{"\\udfff": 1}',
        b'V{"x": ' + b"[" * 400 + b"]" * 400 + b"}",
        b'V{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'F{"type": [], "message": {}, "line": -1, "errno": {}, "memory": []}',
        b'F{"type": "E", "message": "m", "errno": [28]}',
        b'F{"type": "E", "message": "m", "errno": "28", "line": 1e308, "source": 5, "traceback": {"a": 1}}',
        b'F{"type": "E\\ud800", "message": "\\ud800", "source": "\\ud800", "traceback": "\\ud800"}',
        b'F{"message": "' + b"x" * 500_000 + b'"}',
        b"F[]",
    ],
    ids=lambda line: line[:24].decode(errors="replace"),
)
def test_a_forged_record_is_an_outcome_that_can_be_stored(attack: Run, line: bytes) -> None:
    execution = attack(f"{VALUE_PIPE}\nos.write(pipe, {line!r}[:60000] + b'\\n')\nos._exit(9)")
    assert execution.outcome in (Outcome.FAILED, Outcome.INFRASTRUCTURE_ERROR)
    assert len(execution.message) <= 2000
    assert execution.model_dump_json()


def test_a_failure_cannot_be_forged_into_a_limit_of_ours_nor_into_a_success(attack: Run) -> None:
    execution = attack(VALUE_PIPE + "os.write(pipe, b'F{\"exit_code\": 0}\\n')\nos._exit(9)")
    assert execution.outcome is Outcome.FAILED


def test_a_record_without_an_end_is_bounded(attack: Run) -> None:
    code = VALUE_PIPE + "while True: os.write(pipe, b'V' + b'x' * 65536)"
    execution = attack(code, limits=SHORT)
    assert execution.outcome is not Outcome.SUCCEEDED
    assert execution.values == {}


def test_a_flood_of_values_is_bounded(attack: Run) -> None:
    execution = attack("for i in range(100_000): emit(**{f'n{i}': i})")
    assert len(execution.values) <= 2000
    assert execution.outcome in (Outcome.SUCCEEDED, Outcome.OUTPUT_EXCEEDED, Outcome.FAILED)


def test_an_output_flood_without_a_newline_is_stopped_and_cut(attack: Run) -> None:
    limits = Limits(output_kb=4, timeout_s=20)
    execution = attack("import os\nwhile True: os.write(1, b'x' * 65536)", limits=limits)
    assert execution.outcome is Outcome.OUTPUT_EXCEEDED
    assert (len(execution.stdout), execution.stdout_truncated) == (4096, True)


def test_closed_outputs_do_not_hide_the_end(attack: Run) -> None:
    assert attack("import os\nos.close(1)\nos.close(2)\nraise SystemExit(0)").outcome is Outcome.SUCCEEDED
    code = "import os\nos.closerange(0, 64)\nwhile True: pass"
    assert attack(code, limits=SHORT).outcome is Outcome.TIMED_OUT


# -- the warden ------------------------------------------------------------------------------------------


def test_the_wardens_memory_and_descriptors_are_out_of_reach(attack: Run) -> None:
    refusals(
        attack,
        "os.open('/proc/1/mem', os.O_RDWR)",
        "len(os.listdir('/proc/1/fd'))",
        "os.open('/proc/1/fd/1', os.O_WRONLY)",
        "os.open('/proc/1/root', os.O_RDONLY)",
        "len(open('/proc/1/environ').read())",
    )


def test_the_warden_cannot_be_traced(attack: Run) -> None:
    refusals(attack, "libc.ptrace(16, 1, 0, 0)", "libc.process_vm_readv(1, 0, 0, 0, 0, 0)", setup=LIBC)


def test_the_warden_cannot_be_killed(attack: Run) -> None:
    code = """
        import os
        for number in range(1, 65):
            os.kill(1, number)
        print("alive")
    """
    execution = attack(code)
    assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "alive\n")


def test_killing_everybody_kills_only_the_program(attack: Run) -> None:
    code = """
        import contextlib, os, signal
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
            with contextlib.suppress(ProcessLookupError):  # there is nobody it may signal
                os.kill(-1, number)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    execution = attack(code)
    assert (execution.outcome, execution.signal) == (Outcome.FAILED, 9)


# -- the kernel ------------------------------------------------------------------------------------------


def test_mounts_and_namespaces_are_refused(attack: Run) -> None:
    refusals(
        attack,
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/tmp', 0)",
        "libc.unshare(0x10000000)",
        "libc.unshare(0x00020000)",
        "libc.setns(os.open('/proc/self/ns/net', os.O_RDONLY), 0)",
        "libc.chroot(b'/tmp')",
        setup=LIBC,
    )


def test_sockets_of_every_family_but_unix_are_refused(attack: Run) -> None:
    families = ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_VSOCK", "AF_PACKET", "AF_ALG", "AF_CAN", "AF_TIPC"]
    code = """
        import socket
        def refused(family):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
                try:
                    socket.socket(family, kind).close()
                    return False
                except OSError:
                    pass
            return True
        emit(open=[name for name in params["families"] if not refused(getattr(socket, name))])
        socket.socketpair()
    """
    execution = attack(code, params={"families": families})
    assert (execution.outcome, execution.values) == (Outcome.SUCCEEDED, {"open": []})


def test_the_network_is_not_there(attack: Run) -> None:
    execution = attack("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:7411', timeout=1)")
    assert execution.outcome is Outcome.FAILED
    assert attack("import socket\nsocket.create_connection(('1.1.1.1', 53), 1)").outcome is Outcome.FAILED


def test_devices_are_not_there(attack: Run) -> None:
    refusals(
        attack,
        "os.open('/dev/mem', os.O_RDWR)",
        "os.open('/dev/kmsg', os.O_RDONLY)",
        "os.mknod('/tmp/sda', 0o60600, os.makedev(8, 0))",
        "os.open('/dev/vda', os.O_RDONLY)",
    )


def test_control_groups_and_kernel_settings_cannot_be_written(attack: Run) -> None:
    code = """
        import os
        written = []
        for top in ("/sys", "/proc/sys"):
            for folder, _, files in os.walk(top):
                for name in files:
                    path = os.path.join(folder, name)
                    try:
                        os.close(os.open(path, os.O_WRONLY))
                        written.append(path)
                    except OSError:
                        pass
        emit(written=written[:20])
    """
    assert attack(code).values == {"written": []}


def test_another_user_cannot_be_become(attack: Run) -> None:
    refusals(attack, "os.setuid(0)", "os.setgid(0)", "os.setgroups([0])", "os.chown('/tmp', 0, 0)")


def test_kernel_interfaces_that_break_out_are_refused(attack: Run) -> None:
    numbers = {"bpf": 321, "io_uring_setup": 425, "keyctl": 250, "userfaultfd": 323, "perf_event_open": 298}
    refusals(attack, *(f"libc.syscall({number}, 0, 0, 0, 0, 0)" for number in numbers.values()), setup=LIBC)


def test_a_file_cannot_be_run_from_tmp(attack: Run) -> None:
    setup = "import os, shutil\nshutil.copy('/bin/true', '/tmp/true')\nos.chmod('/tmp/true', 0o755)"
    refusals(attack, "os.execv('/tmp/true', ['true'])", setup=setup)


# -- exhaustion ------------------------------------------------------------------------------------------


def test_a_fork_bomb_ends_at_the_process_limit(attack: Run) -> None:
    execution = attack("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", limits=SHORT)
    assert execution.outcome is Outcome.PROCESSES_EXCEEDED
    assert execution.resources.processes_peak <= SHORT.processes


def test_a_thread_bomb_ends_at_the_process_limit(attack: Run) -> None:
    code = "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()"
    assert attack(code, limits=SHORT).outcome is Outcome.PROCESSES_EXCEEDED


def test_zombies_end_at_the_process_limit(attack: Run) -> None:
    code = "import os, time\nfor _ in range(100):\n    if os.fork() == 0: os._exit(0)\ntime.sleep(60)"
    assert attack(code, limits=SHORT).outcome is Outcome.PROCESSES_EXCEEDED


def test_orphans_are_reaped(attack: Run) -> None:
    code = """
        import os
        for _ in range(3 * params["limit"]):
            child = os.fork()
            if child == 0:
                if os.fork() == 0:
                    os._exit(0)
                os._exit(0)
            os.waitpid(child, 0)
        print("done")
    """
    execution = attack(code, limits=Limits(processes=50), params={"limit": 50})
    assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "done\n")


def test_a_daemon_does_not_outlive_its_program(attack: Run) -> None:
    code = """
        import os, signal, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in range(1, 32):
                    if number not in (9, 19):
                        signal.signal(number, signal.SIG_IGN)
                while True: time.sleep(1)
            os._exit(0)
        print("started")
    """
    execution = attack(code, limits=Limits(timeout_s=20))
    assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "started\n")
    assert execution.resources.duration_s < 20


def test_ignored_signals_do_not_save_a_loop(attack: Run) -> None:
    code = """
        import signal
        for number in range(1, 32):
            if number not in (9, 19):
                signal.signal(number, signal.SIG_IGN)
        while True: pass
    """
    assert attack(code, limits=SHORT).outcome is Outcome.TIMED_OUT


def test_a_stopped_program_times_out(attack: Run) -> None:
    assert attack("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", limits=SHORT).outcome is Outcome.TIMED_OUT


def test_memory_in_tmp_counts_as_memory(attack: Run) -> None:
    code = "for i in range(90): open(f'/tmp/{i}', 'wb').write(b'x' * 2**20)\nheld = b'x' * (30 * 2**20)"
    execution = attack(code, limits=Limits(memory_mb=64, disk_mb=100))
    assert execution.outcome is Outcome.MEMORY_EXCEEDED


def test_memory_of_children_counts_together(attack: Run) -> None:
    code = """
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                held = b"x" * (30 * 2**20)
                time.sleep(60)
        os.wait()
        raise SystemExit(1)
    """
    execution = attack(code, limits=Limits(memory_mb=128, timeout_s=5))
    assert execution.outcome is Outcome.MEMORY_EXCEEDED


def test_inodes_in_tmp_are_bounded(attack: Run) -> None:
    code = "i = 0\nwhile True:\n    open(f'/tmp/{i}', 'w').close()\n    i += 1"
    assert attack(code, limits=Limits(timeout_s=20)).outcome is Outcome.DISK_EXCEEDED


def test_a_link_in_tmp_leads_nowhere_on_the_host(attack: Run) -> None:
    code = """
        import os
        os.symlink("/etc/shadow", "/tmp/result")
        os.symlink("/proc/1/root/etc/shadow", "/tmp/other")
        for name in ("result", "other"):
            try:
                print(open(f"/tmp/{name}").read())
            except OSError:
                print("refused")
    """
    assert attack(code).stdout == "refused\nrefused\n"


# -- the program's own interpreter -----------------------------------------------------------------------


def test_a_broken_interpreter_is_a_failure_of_the_program(attack: Run) -> None:
    for code in (
        "import os\nos._exit(70)",
        "import ctypes\nctypes.string_at(0)",
        "import builtins, sys\nsys.modules.clear()\nbuiltins.__dict__.clear()\n1 / 0",
        "import sys\nsys.stdout = sys.stderr = None\nraise ValueError",
        "class E(BaseException):\n    def __str__(self): raise self\nraise E",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    ):
        execution = attack(code)
        assert execution.outcome in (Outcome.FAILED, Outcome.MEMORY_EXCEEDED), (code, execution)


def test_an_exit_hook_that_never_ends_times_out(attack: Run) -> None:
    code = "import atexit, time\natexit.register(time.sleep, 3600)"
    assert attack(code, limits=SHORT).outcome is Outcome.TIMED_OUT


def test_a_job_cannot_see_what_an_earlier_one_left(attack: Run) -> None:
    attack("open('/tmp/left', 'w').write('secret')")
    assert attack("import os\nemit(files=os.listdir('/tmp'))").values == {"files": ["artifacts"]}
