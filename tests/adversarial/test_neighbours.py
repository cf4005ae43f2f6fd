"""Between jobs of one cell: what one leaves, the next must not find. In containers of their own it is not there either.

And between sandboxes of one host: what one uses up, the other must still have.
"""

from __future__ import annotations

import errno

import pytest
from tests.adversarial.attempts import (
    ENDED,
    STOPPED,
    VALUE_PIPE,
    Attempt,
    everywhere,
    leaving,
    sampled,
    searching_its_memory_for,
)
from tests.adversarial.host import Range

from windtunnel.contract import Isolation, Outcome
from windtunnel_worker.sandbox import Hooks, hardening

LIST_TMP = "import os\nemit(found=sorted(set(os.listdir('/tmp')) - {'artifacts'}) + os.listdir('/tmp/artifacts'))"
OTHERS = """
import os
mine = {"1", str(os.getpid()), str(os.getppid())}
emit(found=[pid for pid in os.listdir("/proc") if pid.isdigit() and pid not in mine])
"""
NOTHING: dict[str, object] = {"found": []}
SECRET = "left-by-an-earlier-job-7731"
SEARCH = searching_its_memory_for(SECRET)
ANY_END = ENDED | STOPPED

FILES = [
    sampled(leaving("a_file_is_gone", "open('/tmp/left', 'w').write('x')", LIST_TMP, NOTHING, ends=frozenset({Outcome.SUCCEEDED}), keeps_cell=True)),
    leaving("a_tree_of_files_is_gone", "import os\nos.makedirs('/tmp/a/b/c/d')\nopen('/tmp/a/b/c/d/e', 'w').close()", LIST_TMP, NOTHING, keeps_cell=True),
    leaving("a_hidden_file_is_gone", "open('/tmp/.left', 'w').close()\nopen('/tmp/...', 'w').close()\nopen('/tmp/\\n', 'w').close()", LIST_TMP, NOTHING, keeps_cell=True),
    leaving("a_file_with_no_unicode_name_is_gone", "open(b'/tmp/\\xff\\xfe', 'w').close()", LIST_TMP, NOTHING),
    leaving("a_directory_without_rights_is_gone", "import os\nos.makedirs('/tmp/a/b')\nopen('/tmp/a/b/c', 'w').close()\nos.chmod('/tmp/a/b', 0)\nos.chmod('/tmp/a', 0)", LIST_TMP, NOTHING),
    leaving("a_read_only_tree_is_gone", "import os\nos.makedirs('/tmp/a/b')\nopen('/tmp/a/b/c', 'w').close()\nos.chmod('/tmp/a/b', 0o500)\nos.chmod('/tmp/a', 0o500)", LIST_TMP, NOTHING),
    leaving("a_deep_tree_is_gone", "import os\nos.chdir('/tmp')\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')", LIST_TMP, NOTHING, ends=ANY_END),
    leaving("a_deep_tree_that_nobody_may_enter_is_gone", """
        import os
        os.mkdir("/tmp/a")
        outer = os.open("/tmp/a", os.O_RDONLY)
        for _ in range(100):
            os.mkdir("x" * 200, dir_fd=outer)
            inner = os.open("x" * 200, os.O_RDONLY, dir_fd=outer)
            os.fchmod(outer, 0)
            os.close(outer)
            outer = inner
        """, LIST_TMP, NOTHING),
    leaving("a_working_directory_that_was_removed_comes_back", "import os\nos.mkdir('/tmp/x')\nos.chdir('/tmp/x')\nos.rmdir('/tmp/x')\nos.chmod('/tmp/artifacts', 0)",
            "import os\nemit(found=[os.getcwd(), oct(os.stat('.').st_mode & 0o777), sorted(os.listdir('/tmp'))])", {"found": ["/tmp/artifacts", "0o755", ["artifacts"]]}),
    leaving("links_and_sockets_are_gone", "import os, socket\nos.symlink('/', '/tmp/link')\nos.link('/tmp/link', '/tmp/hard', follow_symlinks=False)\nsocket.socket(socket.AF_UNIX).bind('/tmp/socket')", LIST_TMP, NOTHING),
    leaving("an_artifact_is_the_jobs_own", "open('/tmp/artifacts/left', 'w').write('x')", LIST_TMP, NOTHING, keeps_cell=True, artifacts=frozenset({"left"})),
    leaving("a_missing_artifacts_directory_comes_back", "import os\nos.rmdir('/tmp/artifacts')", LIST_TMP, NOTHING),
    leaving("an_artifacts_directory_that_was_replaced_comes_back", "import os\nos.rmdir('/tmp/artifacts')\nopen('/tmp/artifacts', 'w').write('x')", LIST_TMP, NOTHING),
    sampled(leaving("a_file_without_a_name_that_a_cycle_of_sockets_holds_takes_no_room", """
        import os, socket
        for number in range(3):
            fd = os.open(f"/tmp/{number}", os.O_CREAT | os.O_RDWR)
            os.write(fd, bytes(3 * 2**20))
            os.unlink(f"/tmp/{number}")
            one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            socket.send_fds(one, [b"x"], [fd, one.fileno(), other.fileno()])
            socket.send_fds(other, [b"x"], [fd, one.fileno(), other.fileno()])
        """, "import os\nroom = os.statvfs('/tmp')\nemit(found=room.f_bfree >= room.f_blocks - 1)", {"found": True})),
    leaving("a_full_tmp_is_empty_again", "import os\nfd = os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)\ntry:\n    while True: os.write(fd, b'x' * 65536)\nexcept OSError: pass",
            "open('/tmp/x', 'wb').write(b'x' * (10 * 2**20))\nemit(found=[])", NOTHING),
    leaving("used_up_file_numbers_are_free_again", "import os\ntry:\n    for i in range(20_000): os.symlink('x', f'/tmp/{i}')\nexcept OSError: pass",
            "import os\nfor i in range(500): os.symlink('x', f'/tmp/{i}')\nemit(found=[])", NOTHING, ends=ANY_END),
    leaving("a_file_held_open_by_nobody_is_gone", "import os\nfd = os.open('/tmp/x', os.O_CREAT | os.O_RDWR)\nos.unlink('/tmp/x')\nos.write(fd, b'x' * (12 * 2**20))",
            "open('/tmp/x', 'wb').write(b'x' * (10 * 2**20))\nemit(found=[])", NOTHING),
    leaving("the_mode_of_tmp_is_as_it_was", "import os\ntry: os.chmod('/tmp', 0)\nexcept OSError: pass", "import os\nemit(found=oct(os.stat('/tmp').st_mode & 0o7777))", {"found": "0o1777"}),
]  # fmt: skip

PROCESSES = [
    sampled(leaving("a_daemon_is_gone", "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)", OTHERS, NOTHING)),
    leaving("a_stopped_process_is_gone", "import os, signal\nchild = os.fork()\nif child == 0: os.kill(os.getpid(), signal.SIGSTOP)\nos.waitpid(child, os.WUNTRACED)", OTHERS, NOTHING),
    leaving("a_zombie_is_gone", "import os, time\nfor _ in range(5):\n    if os.fork() == 0: os._exit(0)\ntime.sleep(0.05)", OTHERS, NOTHING),
    leaving("a_process_that_ignores_signals_is_gone", """
        import os, signal, time
        if os.fork() == 0:
            for number in range(1, 32):
                if number not in (9, 19): signal.signal(number, signal.SIG_IGN)
            os.setsid()
            time.sleep(600)
        time.sleep(0.1)
        """, OTHERS, NOTHING),
    leaving("a_program_run_by_it_is_gone", "import subprocess\nsubprocess.Popen(['/bin/sleep', '600'], start_new_session=True)", OTHERS, NOTHING),
    leaving("a_process_that_forks_on_is_gone", "import os\nif os.fork() == 0:\n    while True:\n        try:\n            if os.fork(): os._exit(0)\n        except OSError: pass", OTHERS, NOTHING, ends=ANY_END),
    sampled(leaving("a_thread_is_gone", "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()", "import threading\nemit(found=threading.active_count())", {"found": 1})),
    leaving("used_up_processes_are_free_again", "import os, time\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(600)\nexcept OSError: pass",
            "import os\nfor _ in range(10):\n    if os.fork() == 0: os._exit(0)\nfor _ in range(10): os.wait()\nemit(found=[])", NOTHING, ends=ANY_END),
    leaving("a_late_record_does_not_reach_the_next", VALUE_PIPE + """
import time
if os.fork() == 0:
    os.setsid()
    while True:
        os.write(pipe, b'V{"late": 1}\\n')
        time.sleep(0.001)
""", "import time\ntime.sleep(0.2)\nemit(found=[])", NOTHING),
    leaving("late_output_does_not_reach_the_next", "import os\nif os.fork() == 0:\n    os.setsid()\n    while True: os.write(1, b'x')", "import time\ntime.sleep(0.2)\nemit(found=[])", NOTHING, ends=ANY_END),
    leaving("half_a_record_does_not_reach_the_next", VALUE_PIPE + "os.write(pipe, b'V{\"late\": ')", "emit(found=[])", NOTHING),
    leaving("a_crash_leaves_nothing", "import ctypes\nctypes.string_at(0)", OTHERS + "\nassert os.listdir('/tmp') == ['artifacts']", NOTHING, ends=frozenset({Outcome.FAILED})),
    leaving("a_timeout_leaves_nothing", "import os\nos.fork()\nopen('/tmp/left', 'a').write('x')\nwhile True: pass", LIST_TMP, NOTHING, ends=frozenset({Outcome.TIMED_OUT})),
]  # fmt: skip

SHARED = [
    leaving("shared_memory_is_refused", "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.shmget(4711, 4096, 0o1666) < 0",
            "import ctypes\nlibc = ctypes.CDLL(None)\nemit(found=libc.shmget(4711, 4096, 0o666))", {"found": -1}, keeps_cell=True),
    leaving("semaphores_are_refused", "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.semget(4711, 1, 0o1666) < 0",
            "import ctypes\nlibc = ctypes.CDLL(None)\nemit(found=libc.semget(4711, 1, 0o666))", {"found": -1}),
    leaving("message_queues_are_refused", "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.msgget(4711, 0o1666) < 0 and libc.syscall(240, b'x', 0o102, 0o666, 0) < 0",
            "import ctypes\nlibc = ctypes.CDLL(None)\nemit(found=libc.msgget(4711, 0o666))", {"found": -1}),
    leaving("named_shared_memory_is_refused", "from multiprocessing import shared_memory\ntry: shared_memory.SharedMemory('left', True, 100)\nexcept OSError: pass",
            "import os\nemit(found=os.listdir('/dev/shm') if os.path.isdir('/dev/shm') else [])", NOTHING),
    leaving("named_semaphores_are_refused", "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.sem_open(b'/left', 0o100, 0o666, 1)",
            "import os\nemit(found=[n for n in (os.listdir('/dev/shm') if os.path.isdir('/dev/shm') else [])])", NOTHING),
    leaving("an_abstract_socket_is_closed", "import os, socket, time\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0left')\ns.listen()\nif os.fork() == 0: os.setsid(); time.sleep(600)",
            "import socket\ntry:\n    socket.socket(socket.AF_UNIX).connect('\\0left')\n    emit(found=['left'])\nexcept OSError: emit(found=[])", NOTHING),
    sampled(leaving("a_listening_socket_that_a_cycle_of_sockets_holds_is_gone", """
        import socket
        listening, caller = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        listening.bind("\\0left"); listening.listen(); caller.connect("\\0left"); caller.send(b"left")
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (one, other): socket.send_fds(end, [b"x"], [sock.fileno() for sock in (listening, caller, one, other)])
        """, "emit(found=open('/proc/net/unix').read().count('left'))", {"found": 0})),
    *(
        leaving(f"memory_in_{name}_that_sockets_hold_is_free_again", f"""
            import fcntl, os, socket
            def hold(*fds):
                pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
                for one in pair: socket.send_fds(one, [b"x"], [*fds, *(other.fileno() for other in pair)])
            for _ in range(24):
                {make}
                os.set_blocking(end, False)
                try:
                    while True: os.write(end, bytes(2**15))
                except OSError: pass
                hold(other, end)
            os._exit(0)
            """, "held = bytearray(85 * 2**20)\nemit(found=len(held) >> 20)", {"found": 85})
        for name, make in {
            "sockets": "end, other = (sock.detach() for sock in socket.socketpair()); socket.socket(fileno=os.dup(end)).setsockopt(1, 7, 2**20)",
            "pipes": "other, end = os.pipe(); fcntl.fcntl(end, 1031, 2**20)",
        }.items()
    ),
    leaving("a_lock_is_free", "import fcntl, os, time\nf = open('/opt/windtunnel/warden.py')\nfcntl.lockf(f, fcntl.LOCK_SH)\nif os.fork() == 0: os.setsid(); fcntl.lockf(f, fcntl.LOCK_SH); time.sleep(600)",
            "import fcntl, struct\ngot = fcntl.fcntl(open('/opt/windtunnel/warden.py'), fcntl.F_GETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))\nemit(found=struct.unpack('hhqqi4x', got)[0])", {"found": 2}),
    leaving("a_lease_on_a_file_of_the_image_is_refused", "import fcntl\nf = open('/opt/windtunnel/warden.py')\ntry: fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_RDLCK)\nexcept OSError: pass",
            "import fcntl\ntry: emit(found=fcntl.fcntl(open('/opt/windtunnel/warden.py'), fcntl.F_GETLEASE))\nexcept OSError as error: emit(found=-error.errno)", {"found": -errno.EPERM}),
    leaving("a_pseudo_terminal_is_closed", "import os, time\ntry: os.openpty()\nexcept OSError: pass\nif os.fork() == 0: os.setsid(); time.sleep(600)",
            "import os\nemit(found=[name for name in os.listdir('/dev/pts') if name != 'ptmx'])", NOTHING),
]  # fmt: skip

STATE = [
    leaving("flags_set_on_stdin_are_gone", "import fcntl, os\nfcntl.fcntl(0, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK)",
            "import fcntl, os\nemit(found=fcntl.fcntl(0, fcntl.F_GETFL) & (os.O_APPEND | os.O_NONBLOCK))", {"found": 0}, keeps_cell=True),
    leaving("a_patched_module_is_whole_again", "import json, os, random\njson.dumps = json.loads = os.getpid = random.random = None",
            "import json, os, random\nemit(found=[json.dumps([1]), os.getpid() > 1, 0 <= random.random() < 1])", {"found": ["[1]", True, True]}, ends=ENDED),
    leaving("patched_builtins_are_whole_again", "import builtins\nbuiltins.open = builtins.print = builtins.len = None\nbuiltins.left = 1",
            "import builtins\nemit(found=[len([1]), hasattr(builtins, 'left'), print is None])", {"found": [1, False, False]}, ends=ENDED),
    leaving("the_runner_itself_is_whole_again", "import program, sys\nimport reporter\nprogram.run = reporter.Reporter.emit = program.become = None\nsys.modules['program'] = None",
            "import program\nemit(found=[callable(program.run), callable(program.become)])", {"found": [True, True]}, ends=ENDED),
    leaving("a_module_put_in_the_way_is_gone", "import sys, types\nsys.modules['decimal'] = types.ModuleType('decimal')\nsys.path.insert(0, '/tmp')\nopen('/tmp/fractions.py', 'w').write('left = 1')",
            "import decimal, fractions, sys\nemit(found=[hasattr(fractions, 'left'), hasattr(decimal, 'Decimal'), '/tmp' in sys.path])", {"found": [False, True, False]}),
    leaving("an_import_hook_is_gone", "import sys\nsys.meta_path.insert(0, type('H', (), {'find_spec': lambda *a: 1 / 0})())\nsys.settrace(print)",
            "import sys\nemit(found=[len(sys.meta_path), sys.gettrace() is None])", {"found": [3, True]}, ends=ENDED),
    leaving("an_exit_hook_is_gone", "import atexit, os\natexit.register(os.write, 1, b'left')\nos._exit(0)", "import atexit\nemit(found=atexit._ncallbacks())", {"found": 0}, keeps_cell=True),
    leaving("a_signal_handler_is_gone", "import signal\nfor n in (1, 2, 10, 12, 14, 15, 17): signal.signal(n, signal.SIG_IGN)\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 31))",
            "import signal\nemit(found=[int(signal.getsignal(n) is signal.SIG_IGN) for n in (1, 10, 12, 14, 15, 17)] + [len(signal.pthread_sigmask(signal.SIG_BLOCK, []))])", {"found": [0] * 7}),
    leaving("a_timer_does_not_ring", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)\nsignal.alarm(1)\nimport os\nos._exit(0)", "import time\ntime.sleep(0.3)\nemit(found=[])", NOTHING),
    leaving("the_environment_is_as_it_was", "import os\nos.environ['LEFT'] = '1'\nos.putenv('LEFT', '1')\nos.environ.pop('TZ')", "import os\nemit(found=['LEFT' in os.environ, os.environ.get('TZ')])", {"found": [False, "UTC"]}),
    leaving("the_working_directory_is_as_it_was", "import os\nos.mkdir('/tmp/x')\nos.chdir('/tmp/x')\nos.umask(0o777)", "import os\nemit(found=[os.getcwd(), os.umask(0)])", {"found": ["/tmp/artifacts", 0o22]}),
    leaving("limits_are_as_they_were", "import resource\nfor kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):\n    resource.setrlimit(kind, (0 if kind != resource.RLIMIT_CPU else 60, resource.getrlimit(kind)[1]))\nimport os\nos._exit(0)",
            "import resource\nemit(found=[resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0]])", {"found": [256, -1, 16 * 2**20]}),
    leaving("priority_and_affinity_are_as_they_were", "import os\nos.nice(19)\nos.sched_setaffinity(0, {0})\ntry: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\nexcept OSError: pass",
            "import os\nemit(found=[os.nice(0), len(os.sched_getaffinity(0)) == os.sysconf('SC_NPROCESSORS_ONLN'), os.sched_getscheduler(0)])", {"found": [0, True, 0]}),
    leaving("the_random_seed_is_the_jobs_own", "import random\nrandom.seed(1)\nrandom.random()", "import random\nfirst = random.random()\nrandom.seed(0)\nemit(found=first == random.random())", {"found": True}),
    leaving("names_of_the_first_are_not_the_seconds", "left = 1\nglobals()['emit'].__self__.left = 1", "import __main__\nemit(found=[hasattr(__main__, 'left'), hasattr(emit.__self__, 'left')])", {"found": [False, False]}),
    leaving("the_code_of_an_earlier_job_is_not_in_memory", f"x = {SECRET!r} * 100\nprint(x)\nemit(x=x)", SEARCH, {"found": 0}, keeps_cell=True),
    leaving("memory_of_an_earlier_job_is_blank", f"import os\nheld = bytearray({SECRET.encode()!r} * 400_000)\nos._exit(0)",
            "held = [bytearray(2**20) for _ in range(30)]\nemit(found=sum(block.count(bytes(2**20)) == 0 for block in held))", {"found": 0}),
    leaving("a_preference_for_being_killed_is_not_inherited", "open('/proc/self/oom_score_adj', 'w').write('1000')", "emit(found=open('/proc/1/oom_score_adj').read().strip())", {"found": str(hardening.OOM_SCORE_ADJ)},
            runsc={"finds": {"found": "0"}}),  # its own kernel's; the whole of it has the other on the host
    leaving("the_marks_of_a_process_are_gone", "import ctypes\nlibc = ctypes.CDLL(None)\nfor mark in ((29, 10**9), (41, 1), (15, b'left'), (4, 0), (1, 9), (36, 1)): libc.prctl(mark[0], mark[1], 0, 0, 0)",
            "import ctypes\nlibc, death = ctypes.CDLL(None), ctypes.c_int()\nlibc.prctl(2, ctypes.byref(death), 0, 0, 0)\n"
            "emit(found=[libc.prctl(30, 0, 0, 0, 0) == 10**9, libc.prctl(42, 0, 0, 0, 0) == 1, open('/proc/self/comm').read() == 'left\\n', libc.prctl(3, 0, 0, 0, 0) == 0, death.value])", {"found": [False, False, False, False, 0]}),
    leaving("a_personality_is_not_inherited", "import ctypes\nctypes.CDLL(None).personality(0x0040000)", "import ctypes\nemit(found=ctypes.CDLL(None).personality(ctypes.c_ulong(0xFFFFFFFF)))", {"found": 0},
            runsc={"finds": {"found": -1}}),  # it knows one personality only, and does not tell it
]  # fmt: skip

USERS = [
    leaving("the_next_job_is_not_the_wardens_user_and_in_no_group", "import os\nopen('/tmp/me', 'w').write(str(os.getuid()))\nprint(os.getuid())", "import os\nemit(found=[open('/proc/1/status').read().count(f'\\t{os.getuid()}') > 0, os.getuid() == os.geteuid(), os.getgroups() == []])",
            {"found": [False, True, True]}),
    leaving("an_earlier_user_cannot_be_signalled_or_become", "import os, time\nif os.fork() == 0: os.setsid(); time.sleep(600)", """
        import os
        found = []
        for user in range(os.getuid() - 20, os.getuid() + 20):
            if user != os.getuid():
                try:
                    os.setuid(user)
                    found.append(user)
                except OSError:
                    pass
        emit(found=found)
        """, NOTHING),
    leaving("a_file_for_the_next_user_is_gone", "import os\nfor n in range(3):\n    os.mkdir(f'/tmp/{n}')\n    os.chmod(f'/tmp/{n}', 0o7777)\n    open(f'/tmp/{n}/left', 'w').close()\n    os.chmod(f'/tmp/{n}/left', 0o6777)", LIST_TMP, NOTHING),
    leaving("the_interpreters_memory_is_out_of_reach", f"x = {SECRET!r}", """
        import os
        found = []
        for pid in (1, os.getppid()):
            for name in ("mem", "cwd", "root", "exe"):
                path = f"/proc/{pid}/{name}"
                try:
                    found.append(os.readlink(path) if name != "mem" else open(path, "rb").read(1))
                except OSError:
                    pass
        emit(found=[str(item) for item in found])
        """, NOTHING, keeps_cell=True),
]  # fmt: skip

ATTEMPTS: list[Attempt] = [*FILES, *PROCESSES, *SHARED, *STATE, *USERS]


@everywhere(ATTEMPTS)
def test_neighbours(attempt: Attempt, isolation: Isolation, runtime: str, firing_range: Range) -> None:
    firing_range.face(attempt, isolation, runtime)


@pytest.mark.parametrize("runtime", ["runc", pytest.param("runsc", marks=pytest.mark.matrix)])
def test_the_code_of_a_cells_first_job_is_not_in_memory(runtime: str, firing_range: Range) -> None:
    firing_range.run("import os\nos.kill(os.getpid(), 9)", Isolation.CELL, runtime)  # which costs the cell
    first = firing_range.run(f"x = {SECRET!r}", Isolation.CELL, runtime)
    second = firing_range.run(SEARCH, Isolation.CELL, runtime)
    assert second.values == {"found": 0}
    assert second.container_id == first.container_id


def test_each_job_of_a_cell_has_a_user_of_its_own(firing_range: Range) -> None:
    firing_range.run("import os\nos.kill(os.getpid(), 9)", Isolation.CELL, "runc")  # which costs the cell
    first, second = (firing_range.run("import os\nemit(user=os.getuid())", Isolation.CELL, "runc") for _ in range(2))
    assert first.values["user"] != second.values["user"]
    assert first.container_id == second.container_id


USE_UP = """
import array, ctypes, fcntl, os, select, signal, socket, time
libc = ctypes.CDLL(None)
def until_refused(act, most=20_000):
    try:
        for _ in range(most):
            if act() == -1: break
    except OSError: pass
held = []
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
until_refused(lambda: libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), None))
until_refused(lambda: libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p())))
ends = socket.socketpair()
until_refused(lambda: ends[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 250))]))
def fill():
    held.append(os.pipe())
    fcntl.fcntl(held[-1][1], 1031, 2**20)
until_refused(fill)
time.sleep(60)
"""
"""What the kernel counts by user, over all containers."""
USE_SOME = """
import array, ctypes, fcntl, os, signal, socket
libc = ctypes.CDLL(None)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
read, write = os.pipe()
one, other = socket.socketpair()
one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 100))])
emit(
    signals=sum(libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), None) for _ in range(100)),
    timer=libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p())),
    pipe=fcntl.fcntl(write, 1031, 2**18),
)
"""


@pytest.mark.parametrize("isolation", Isolation)
def test_what_one_sandbox_uses_up_another_still_has(isolation: Isolation, firing_range: Range) -> None:
    said = []

    def run_another(_: object) -> None:
        another = firing_range.run(USE_SOME, isolation, "runc")
        said.append((another.outcome, another.values))

    firing_range.run(USE_UP, Isolation.CONTAINER, "runc", Hooks(lasting=run_another), timeout_s=2)
    assert said == [(Outcome.SUCCEEDED, {"signals": 0, "timer": 0, "pipe": 2**18})]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("if os.fork() == 0: held = bytes(400 * 2**20).replace(b'x', b'y')\nos.wait()", id="memory"),
        pytest.param("try:\n    while True: os.fork() or time.sleep(60)\nexcept OSError: pass", id="processes"),
    ],
)
def test_a_limit_that_an_earlier_job_of_a_cell_hit_is_not_the_next_ones(code: str, firing_range: Range) -> None:
    firing_range.run("import os\nos.kill(os.getpid(), 9)", Isolation.CELL, "runc")  # which costs the cell
    firing_range.run(f"import os, time\n{code}", Isolation.CELL, "runc")
    after = firing_range.run("raise ValueError", Isolation.CELL, "runc")
    assert after.outcome is Outcome.FAILED


def test_what_the_processes_of_an_earlier_job_of_a_cell_used_is_not_the_next_ones(firing_range: Range) -> None:
    firing_range.run("import os\nos.kill(os.getpid(), 9)", Isolation.CELL, "runc")  # which costs the cell
    before = firing_range.run("emit(x=1)", Isolation.CELL, "runc").resources
    earlier = firing_range.run(
        "import os, time\nfor _ in range(9):\n    if os.fork() == 0:\n        os.setsid()\n        held = bytes(2**22)\n        while True: pass\ntime.sleep(1)",
        Isolation.CELL,
        "runc",
    )
    after = firing_range.run("emit(x=1)", Isolation.CELL, "runc")
    assert earlier.container_id == after.container_id
    assert earlier.resources.cpu_time_s > 0.3
    assert after.resources.cpu_time_s < before.cpu_time_s + 0.2
    assert after.resources.processes_peak <= before.processes_peak + 1
    assert after.resources.memory_mb_peak < before.memory_mb_peak + 2


READ_LIBRARIES = """
import os
for entry in os.scandir("/opt/windtunnel/lib/pyarrow"):
    if ".so" in entry.name:
        with open(entry.path, "rb") as file:
            while file.read(2**20): pass
"""
TOUCH_FAR_APART = """
import mmap
space = mmap.mmap(-1, 2**35, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
for place in range(0, 2**35, 2**21): space[place]
"""
LOOK_FOR_FILES = """
import os
for number in range(60_000):
    os.path.exists(f"/usr/{'x' * 200}{number}")
"""


@pytest.mark.parametrize(
    ("runtime", "code", "margin_mb"),
    [
        pytest.param("runc", READ_LIBRARIES, 2, id="files"),
        pytest.param("runc", LOOK_FOR_FILES, 2, id="names-of-files"),
        pytest.param("runc", TOUCH_FAR_APART, 2, id="page-tables"),
        pytest.param(
            "runsc", "held = bytes(100 * 2**20).replace(b'x', b'y')", 32, id="freed-late", marks=pytest.mark.matrix
        ),
    ],
)
def test_what_the_kernel_keeps_for_an_earlier_job_of_a_cell_is_not_the_next_ones_memory(
    runtime: str, code: str, margin_mb: int, firing_range: Range
) -> None:
    firing_range.run("import os\nos.kill(os.getpid(), 9)", Isolation.CELL, runtime)  # which costs the cell
    before = firing_range.run("emit(x=1)", Isolation.CELL, runtime)
    earlier = firing_range.run(code, Isolation.CELL, runtime)
    after = firing_range.run("emit(x=1)", Isolation.CELL, runtime)
    assert earlier.outcome is Outcome.SUCCEEDED
    assert before.container_id == after.container_id
    assert after.resources.memory_mb_peak < before.resources.memory_mb_peak + margin_mb
