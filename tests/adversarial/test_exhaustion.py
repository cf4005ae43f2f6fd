"""Ways to take more than its share: processes, memory, disk, descriptors, output, time, and outliving its end."""

from __future__ import annotations

from tests.adversarial.attempts import ENDED, STOPPED, VALUE_PIPE, Attempt, ending, everywhere, sampled
from tests.adversarial.host import Range

from windtunnel.contract import Isolation, Outcome

IGNORE_ALL = """
import signal
for number in range(1, 65):
    if number not in (9, 19, 32, 33):
        signal.signal(number, signal.SIG_IGN)
"""
GONE = {Outcome.FAILED, Outcome.MEMORY_EXCEEDED}
NO_MORE_PROCESSES = {Outcome.PROCESSES_EXCEEDED}
UNSEEN = {"ends": {Outcome.TIMED_OUT, Outcome.MEMORY_EXCEEDED}}
"""The host does not see what gVisor refuses, and the program does not tell; or its forks, of 5 to 10 MB, end it first."""
UNCOUNTED = {"ends": {Outcome.TIMED_OUT, Outcome.MEMORY_EXCEEDED}}
"""gVisor counts neither files nor timers: their number is bounded by what each takes of the memory."""

PROCESSES = [
    sampled(ending("a_fork_bomb_ends_at_the_process_limit", NO_MORE_PROCESSES,
                   "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", runsc=UNSEEN)),
    ending("a_fork_bomb_that_sleeps_ends_at_the_process_limit", NO_MORE_PROCESSES,
           "import os, time\nfor _ in range(1000):\n    if os.fork() == 0: time.sleep(60)",
           runsc={"ends": {*NO_MORE_PROCESSES, Outcome.MEMORY_EXCEEDED}}),  # whichever is first
    ending("a_fork_bomb_by_way_of_the_shell_ends_at_the_process_limit", NO_MORE_PROCESSES,
           "import os\nos.system('b() { b | b & }; b; wait')\nwhile True: pass", runsc=UNSEEN),
    sampled(ending("a_thread_bomb_ends_at_the_process_limit", NO_MORE_PROCESSES,
                   "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()")),
    ending("zombies_end_at_the_process_limit", NO_MORE_PROCESSES,
           "import os\nfor _ in range(1000):\n    if os.fork() == 0: os._exit(0)\nwhile True: pass"),
    ending(
        "orphans_are_reaped",
        Outcome.SUCCEEDED,
        """
        import os
        for _ in range(60):
            child = os.fork()
            if child == 0:
                os.fork()
                os._exit(0)
            os.waitpid(child, 0)
        print("done")
        """,
        stdout="done\n",
    ),
    ending(
        "a_chain_of_forks_is_caught",
        {Outcome.TIMED_OUT, Outcome.SUCCEEDED, Outcome.FAILED},
        "import os\nfor _ in range(300):\n    if os.fork(): os._exit(0)\nwhile True: pass",
    ),
    ending(
        "a_daemon_does_not_outlive_its_program",
        Outcome.SUCCEEDED,
        """
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
        """,
        stdout="started\n",
    ),
    ending(
        "a_crowd_of_daemons_does_not_outlive_its_program",
        Outcome.SUCCEEDED,
        "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        os.setsid()\n        os.close(1); os.close(2); os.close(0)\n        while True: time.sleep(0.001)\nprint('started')",
        stdout="started\n",
    ),
    ending(
        "a_stopped_daemon_does_not_outlive_its_program",
        Outcome.SUCCEEDED,
        "import os, signal\nchild = os.fork()\nif child == 0:\n    os.kill(os.getpid(), signal.SIGSTOP)\nos.waitpid(child, os.WUNTRACED)\nprint('started')",
        stdout="started\n",
    ),
    ending(
        "a_daemon_that_forks_for_ever_does_not_outlive_its_program",
        {Outcome.SUCCEEDED},
        "import os\nif os.fork() == 0:\n    while True:\n        try:\n            if os.fork(): os._exit(0)\n        except OSError: pass\nprint('started')",
        stdout="started\n",
    ),
]  # fmt: skip

MEMORY = [
    sampled(ending("a_giant_block_of_memory_is_refused", GONE, "held = b'x' * (700 * 2**20)")),
    ending("memory_in_small_pieces_ends_at_the_limit", GONE, "held = []\nwhile True: held.append(bytearray(2**16))"),
    ending("memory_of_children_counts_together", Outcome.MEMORY_EXCEEDED, """
        import os, time
        for _ in range(12):
            if os.fork() == 0:
                held = b"x" * (30 * 2**20)
                time.sleep(60)
        os.wait()
        raise SystemExit(1)
        """),
    ending("memory_in_tmp_counts_as_memory", Outcome.MEMORY_EXCEEDED,
           "for i in range(14): open(f'/tmp/{i}', 'wb').write(b'x' * 2**20)\nheld = b'x' * (105 * 2**20)\nheld2 = b'x' * (150 * 2**20)"),
    ending("memory_in_pipes_is_bounded", ENDED | {Outcome.MEMORY_EXCEEDED}, """
        import fcntl, os
        for _ in range(100):
            read, write = os.pipe()
            try: fcntl.fcntl(write, 1031, 2**20)
            except OSError: pass
            os.set_blocking(write, False)
            try:
                while True: os.write(write, b"x" * 65536)
            except BlockingIOError: pass
        """),
    ending("memory_in_sockets_is_bounded", ENDED | {Outcome.MEMORY_EXCEEDED}, """
        import socket
        held = []
        for _ in range(100):
            pair = socket.socketpair()
            pair[0].setblocking(False)
            held.append(pair)
            try:
                while True: pair[0].send(b"x" * 65536)
            except BlockingIOError: pass
        """),
    ending("locked_memory_counts_as_memory", GONE | {Outcome.SUCCEEDED}, """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        held = bytearray(700 * 2**20)
        libc.mlock((ctypes.c_char * len(held)).from_buffer(held), ctypes.c_size_t(len(held)))
        """),
    ending("a_giant_address_space_costs_the_host_nothing", ENDED | GONE, "import mmap\nmaps = []\nfor _ in range(64): maps.append(mmap.mmap(-1, 2**36, flags=mmap.MAP_PRIVATE | 0x4000))"),
    ending("deep_recursion_kills_only_the_program", GONE, "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    def __getattr__(self, n): return getattr(self, n)\nA().x"),
    ending("a_compressed_bomb_ends_at_the_limit", Outcome.MEMORY_EXCEEDED, """
        import zlib
        bomb, mb = zlib.compressobj(1), bytes(2**20)
        small = b"".join(bomb.compress(mb) for _ in range(300)) + bomb.flush()
        zlib.decompress(small)
        """),
    ending("children_that_run_out_of_memory_again_and_again_end_their_program", Outcome.MEMORY_EXCEEDED, """
        import os
        for _ in range(16):
            if os.fork() == 0: held = b"x" * (250 * 2**20)
            os.wait()
        """),
    ending("a_giant_number_is_stopped", {*GONE, Outcome.TIMED_OUT}, "x = 9 ** 9 ** 9"),
]  # fmt: skip

DISK = [
    ending("filling_tmp_ends_at_its_size", Outcome.DISK_EXCEEDED, "with open('/tmp/x', 'wb') as f:\n    while True: f.write(b'x' * 2**16)"),
    ending("filling_tmp_with_many_files_ends_at_its_size", Outcome.DISK_EXCEEDED, "for i in range(100): open(f'/tmp/{i}', 'wb').write(b'x' * 2**20)"),
    sampled(ending("files_without_content_in_tmp_are_bounded", {Outcome.DISK_EXCEEDED}, "i = 0\nwhile True:\n    open(f'/tmp/{i}', 'w').close()\n    i += 1", runsc=UNCOUNTED)),
    ending("directories_in_tmp_are_bounded", {Outcome.DISK_EXCEEDED, Outcome.FAILED}, "import os\nos.chdir('/tmp')\nwhile True:\n    os.mkdir('d')\n    os.chdir('d')",
           runsc=UNCOUNTED),
    ending("deleted_open_files_count", Outcome.DISK_EXCEEDED, """
        import os
        held = []
        for i in range(100):
            held.append(open(f"/tmp/{i}", "wb", buffering=0))
            os.unlink(f"/tmp/{i}")
            held[-1].write(b"x" * 2**20)
        """),
    ending("a_file_over_the_size_limit_is_cut", {Outcome.DISK_EXCEEDED}, "import os\nfd = os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)\nos.pwrite(fd, b'x', 2**40)"),
    ending("links_in_tmp_are_bounded", {Outcome.DISK_EXCEEDED}, "import os\nfor i in range(100_000): os.symlink('x' * 200, f'/tmp/{i}')"),
    ending("sockets_in_tmp_are_bounded", {Outcome.DISK_EXCEEDED, Outcome.FAILED}, "import socket\nfor i in range(100_000):\n    s = socket.socket(socket.AF_UNIX)\n    s.bind(f'/tmp/{i}')\n    s.close()",
           runsc=UNCOUNTED),
]  # fmt: skip

DESCRIPTORS = [
    ending("descriptors_are_bounded", Outcome.FAILED, "import os\nwhile True: os.open('/dev/null', os.O_RDONLY)"),
    ending("pipes_are_bounded", Outcome.FAILED, "import os\nwhile True: os.pipe()"),
    ending("descriptors_sent_to_itself_are_bounded", {Outcome.FAILED, Outcome.TIMED_OUT}, """
        import array, os, socket
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        a.setblocking(False)
        while True:
            pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pair[0].fileno()] * 100))])
            pair[0].close(); a, b = pair[1], a
            a.setblocking(False)
        """),
    ending("watches_and_timers_are_bounded", {Outcome.FAILED, Outcome.SUCCEEDED, Outcome.TIMED_OUT}, """
        import ctypes
        libc = ctypes.CDLL(None)
        for _ in range(2000): libc.inotify_init1(0)
        timer = ctypes.c_void_p()
        for _ in range(100_000):
            if libc.timer_create(1, None, ctypes.byref(timer)): break
        """, runsc=UNCOUNTED),
    ending("queued_signals_are_bounded", {Outcome.FAILED, Outcome.SUCCEEDED, Outcome.TIMED_OUT}, """
        import ctypes, os, signal
        libc = ctypes.CDLL(None)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
        for _ in range(120_000):
            if libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), None): break
        """),
]  # fmt: skip

OUTPUT = [
    sampled(ending("a_flood_without_a_newline_is_stopped", Outcome.OUTPUT_EXCEEDED, "import os\nwhile True: os.write(1, b'x' * 65536)")),
    ending("a_flood_of_lines_is_stopped", {Outcome.OUTPUT_EXCEEDED}, "while True: print('x' * 999)"),
    ending("a_flood_of_short_lines_is_stopped", {Outcome.OUTPUT_EXCEEDED, Outcome.TIMED_OUT}, "while True: print()"),
    ending("a_flood_on_stderr_is_stopped", Outcome.OUTPUT_EXCEEDED, "import os\nwhile True: os.write(2, b'x' * 65536)"),
    ending("a_flood_of_bytes_that_are_no_text_is_stopped", Outcome.OUTPUT_EXCEEDED, "import os\nwhile True: os.write(1, bytes(range(256)) * 256)"),
    ending("a_flood_on_both_is_stopped", Outcome.OUTPUT_EXCEEDED, "import os\nwhile True: os.write(1, b'o' * 4096), os.write(2, b'e' * 4096)"),
    ending("a_flood_by_children_is_stopped", {Outcome.OUTPUT_EXCEEDED}, "import os\nfor _ in range(4): os.fork()\nwhile True: os.write(1, b'x' * 65536)"),
    ending("a_flood_by_a_daemon_after_the_end_is_stopped", {Outcome.SUCCEEDED, Outcome.OUTPUT_EXCEEDED},
           "import os\nif os.fork() == 0:\n    os.setsid()\n    while True: os.write(1, b'x' * 65536)"),
    ending("a_flood_of_values_is_bounded", {Outcome.SUCCEEDED, Outcome.OUTPUT_EXCEEDED, Outcome.FAILED, Outcome.TIMED_OUT}, "for i in range(50_000): emit(**{f'n{i}': i})"),
    ending("a_record_without_an_end_is_bounded", STOPPED, VALUE_PIPE + "while True: os.write(pipe, b'V' + b'x' * 65536)", values={}),
    ending("a_flood_of_records_of_no_kind_is_bounded", STOPPED | {Outcome.SUCCEEDED}, VALUE_PIPE + "while True: os.write(pipe, b'\\n' * 65536)", values={}),
    ending("a_giant_record_is_refused", Outcome.FAILED, "emit(x='x' * 2**20)", values={}),
    ending("closed_outputs_do_not_hide_the_end", Outcome.SUCCEEDED, "import os\nos.close(1)\nos.close(2)\nraise SystemExit(0)"),
    ending("closing_every_descriptor_hides_nothing", Outcome.TIMED_OUT, "import os\nos.closerange(0, 256)\nwhile True: pass"),
    ending("an_output_held_open_by_a_daemon_does_not_hide_the_end", Outcome.SUCCEEDED,
           "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nprint('x')", stdout="x\n"),
    ending("a_pipe_made_to_block_does_not_hang_the_host", {Outcome.OUTPUT_EXCEEDED, Outcome.TIMED_OUT, Outcome.FAILED},
           "import fcntl, os\nfor fd in (1, 2, 3):\n    try: fcntl.fcntl(fd, 1031, 4096); os.set_blocking(fd, False)\n    except OSError: pass\nwhile True:\n    try: os.write(1, b'x' * 65536)\n    except BlockingIOError: pass"),
]  # fmt: skip

TIME = [
    sampled(ending("a_busy_loop_times_out", Outcome.TIMED_OUT, "while True: pass")),
    ending("a_sleep_times_out", Outcome.TIMED_OUT, "import time\ntime.sleep(3600)"),
    ending("ignored_signals_do_not_save_a_loop", Outcome.TIMED_OUT, IGNORE_ALL + "while True: pass"),
    ending("a_stopped_program_times_out", Outcome.TIMED_OUT, "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nwhile True: pass"),
    ending("an_exit_hook_that_never_ends_times_out", Outcome.TIMED_OUT, "import atexit, time\natexit.register(time.sleep, 3600)"),
    ending("a_thread_that_never_ends_times_out", Outcome.TIMED_OUT, "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()"),
    ending("catching_every_exception_does_not_help", Outcome.TIMED_OUT, "while True:\n    try:\n        while True: pass\n    except BaseException: pass"),
    ending("a_slow_pattern_times_out", Outcome.TIMED_OUT, "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"),
    ending("a_busy_crowd_times_out", Outcome.TIMED_OUT, "import os\nfor _ in range(3): os.fork()\nwhile True: pass"),
    ending("a_reading_of_stdin_ends_at_once", Outcome.FAILED, "input()"),
    ending("compiling_a_monster_is_stopped", STOPPED | {Outcome.FAILED}, "exec('(' * 90 + '1' + ')' * 90)\ncompile('-' * 100_000 + '1', 'x', 'eval')"),
    ending("a_program_that_breaks_its_interpreter_fails", GONE, "import ctypes\nctypes.string_at(0)"),
    ending("a_program_that_empties_its_interpreter_fails", GONE, "import builtins, sys\nsys.modules.clear()\nbuiltins.__dict__.clear()\n1 / 0"),
    ending("an_exception_that_cannot_be_shown_fails", GONE, "class E(BaseException):\n    def __str__(self): raise self\nraise E"),
]  # fmt: skip

ATTEMPTS: list[Attempt] = [*PROCESSES, *MEMORY, *DISK, *DESCRIPTORS, *OUTPUT, *TIME]


@everywhere(ATTEMPTS)
def test_exhaustion(attempt: Attempt, isolation: Isolation, runtime: str, firing_range: Range) -> None:
    firing_range.face(attempt, isolation, runtime)
