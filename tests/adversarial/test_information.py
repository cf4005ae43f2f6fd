"""What can be learned: about the host, its users, its other work, the warden, and time."""

from __future__ import annotations

from tests.adversarial.attempts import Attempt, ending, everywhere, refusing, sampled, searching_its_memory_for, seeing
from tests.adversarial.host import CANARY, Range

from windtunnel.contract import Isolation, Outcome
from windtunnel_worker.sandbox import hardening

MASKED = hardening.masked_paths(cell=False)

ATTEMPTS: list[Attempt] = [
    seeing("the_hosts_name_is_not_told", {"names": ["sandbox"]},
           "import os, platform, socket\nemit(names=sorted({socket.gethostname(), os.uname().nodename, platform.node(), open('/proc/sys/kernel/hostname').read().strip()}))"),
    sampled(
        seeing(
            "the_environment_is_the_sandboxes_own",
            {"strange": []},
            """
            import os
            known = {"HOME", "USER", "TMPDIR", "LANG", "TZ", "PATH", "HOSTNAME", "PYTHONHASHSEED", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE",
                     "MPLBACKEND", "MPLCONFIGDIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
                     "LC_CTYPE", "PWD", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256", "JOBLIB_MULTIPROCESSING", "JOBLIB_TEMP_FOLDER",
                     "LOKY_MAX_CPU_COUNT", "NUMBA_BOUNDSCHECK", "NUMBA_CACHE_DIR", "LD_LIBRARY_PATH", "PLOTLY_RENDERER", "TQDM_MININTERVAL",
                     "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "JE_ARROW_MALLOC_CONF"}
            emit(strange=sorted(set(os.environ) - known))
            """,
        )
    ),
    seeing(
        "no_secret_of_the_worker_is_anywhere_in_its_memory",
        {"found": 0},
        searching_its_memory_for(CANARY),
    ),
    seeing("only_its_own_processes_are_seen", {"strange": []}, """
        import os
        strange = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    text = open(f"/proc/{name}/cmdline").read()
                except OSError:
                    continue
                if text and "warden.py" not in text:
                    strange.append(text)
        emit(strange=strange)
        """),
    seeing("few_processes_are_seen", {"few": True}, "import os\nemit(few=sum(name.isdigit() for name in os.listdir('/proc')) <= 3)"),
    refusing("the_kernels_log_is_refused", "syscall(103, 3, b'\\0' * 100, 100)", "syscall(103, 10, 0, 0)", "open('/dev/kmsg').read()", "len(open('/proc/kmsg').read())"),
    seeing("kernel_addresses_are_hidden", {"addresses": []}, """
        try:
            with open("/proc/kallsyms") as file:
                addresses = sorted({line.split()[0] for line in file if line.split()[0].strip("0")})[:3]
        except OSError:
            addresses = []
        emit(addresses=addresses)
        """),
    refusing("the_kernels_memory_is_refused", "open('/dev/mem', 'rb').read(1)",
             "os.open('/proc/self/pagemap', os.O_RDONLY) and pagemap()", setup="""
             def pagemap():
                 # Without the capability the frame numbers are zero.
                 address = id(attempt) // 4096 * 8
                 with open("/proc/self/pagemap", "rb") as file:
                     file.seek(address)
                     frame = int.from_bytes(file.read(8), "little") & (2**55 - 1)
                 if frame == 0:
                     raise PermissionError(1, "no frame numbers")
                 return frame
             """, errors={1, 2, 13, 22}),
    seeing("what_is_masked_is_empty", {"content": []}, f"""
        import os
        content = []
        for path in {MASKED!r}:
            try:
                if (os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(4096)):
                    content.append(path)
            except OSError:
                pass
        emit(content=content)
        """, runsc={"values": {"content": ["/dev/pts", "/proc/cmdline", "/proc/loadavg"]}}),  # its own kernel's
    seeing("no_figure_of_the_host_moves_but_those_that_are_known", {"moved": []}, """
        import os, time
        KNOWN = {"/proc/stat", "/proc/uptime", "/proc/meminfo", "/proc/cgroups", "/proc/sys/kernel/random/uuid"}
        LEFT_OUT = ("/proc/self", "/proc/thread-self", "/proc/net", "/sys/fs/cgroup", "/sys/devices/system")
        def figures():
            found = {}
            for top in ("/proc", "/sys"):
                for folder, folders, files in os.walk(top):
                    folders[:] = [name for name in folders if not name.isdigit() and not f"{folder}/{name}".startswith(LEFT_OUT)]
                    for path in (f"{folder}/{name}" for name in files):
                        try:
                            with open(path, "rb", buffering=0, opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
                                found[path] = file.read(8192)
                        except OSError:
                            pass
            return found
        before = figures()
        time.sleep(1)
        emit(moved=sorted(path for path, figure in figures().items() if path not in KNOWN and before.get(path) != figure))
        """, runsc={"values": None}),  # its own kernel's
    refusing("the_hosts_serial_numbers_are_refused", *(f"open('/sys/class/dmi/id/{name}').read()" for name in ("product_uuid", "product_serial", "board_serial"))),
    refusing("sensors_and_counters_of_devices_are_refused", *(f"open({path!r}).read()" for path in (
             "/sys/class/powercap/intel-rapl:0/energy_uj", "/sys/class/thermal/thermal_zone0/temp", "/sys/class/hwmon/hwmon0/temp1_input", "/dev/cpu/0/msr",
             "/sys/class/block/vda/stat", "/sys/class/net/lo/statistics/rx_bytes"))),
    refusing("asking_by_whom_its_pages_are_used_is_refused", "fcntl.ioctl(os.open('/proc/self/pagemap', os.O_RDONLY), 0xC0606610, bytearray(96))",
             "os.open('/proc/kpagecount', os.O_RDONLY)", "os.open('/proc/kpageflags', os.O_RDONLY)", "os.open('/proc/kpagecgroup', os.O_RDONLY)",
             "os.listdir('/proc/self/map_files') and os.open(f'/proc/self/map_files/{os.listdir(\"/proc/self/map_files\")[0]}', os.O_RDONLY)", setup="import fcntl"),
    seeing("no_address_in_process_1_is_told", {"addresses": []}, """
        import os
        addresses = []
        for pid in {1, os.getppid()}:
            fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
            addresses += [int(fields[place]) for place in (23, 24, 25, 26, 27, 42, 43, 44, 45, 46, 47, 48) if int(fields[place]) > 1]
        emit(addresses=addresses)
        """),
    seeing("no_socket_of_another_is_named", {"names": []}, "emit(names=[line for line in open('/proc/self/net/unix').read().splitlines()[1:] if '@' in line or '/' in line])"),
    refusing("passwords_are_refused", "open('/etc/shadow').read()", "open('/etc/gshadow').read()"),
    refusing("files_of_the_hosts_user_are_not_there", "os.listdir('/root')", "os.listdir('/home/user')", "os.listdir('/work')", "os.listdir('/var/lib/docker')", "os.listdir('/var/log/journal')"),
    seeing("no_dataset_is_there_that_was_not_asked_for", {"files": []}, "import os\nemit(files=os.listdir('/data') if os.path.isdir('/data') else [])"),
    seeing("no_control_group_of_another_is_seen", {"strange": []}, """
        import os
        strange = []
        for folder, folders, _ in os.walk("/sys/fs/cgroup"):
            strange += [f"{folder}/{name}" for name in folders if "docker" in name or len(name) == 64]
        emit(strange=strange[:5])
        """),
    seeing("its_control_group_tells_no_path_of_the_host", {"strange": []},
           "emit(strange=[line for line in open('/proc/self/cgroup').read().split() if not line.endswith(':/')])",),
    seeing("no_process_of_the_host_is_in_its_control_group", {"strange": []}, """
        import glob
        strange = set()
        for path in glob.glob("/sys/fs/cgroup/*/cgroup.procs") + glob.glob("/sys/fs/cgroup/cgroup.procs"):
            strange |= {pid for pid in open(path).read().split() if int(pid) == 0 or int(pid) > 100_000}
        emit(strange=sorted(strange))
        """),
    ending("mounts_tell_nothing_of_the_hosts_data", Outcome.SUCCEEDED, "print(open('/proc/self/mountinfo').read(), open('/proc/mounts').read())",
           absent=(CANARY, "windtunnel-data", "/root/")),
    seeing("the_time_zone_is_utc", {"zone": ["UTC", 0]}, "import time\nemit(zone=[time.tzname[0], time.timezone])"),
    refusing("timers_that_wake_the_host_are_refused", "libc.timer_create(9, None, buffer)", "libc.timer_create(8, None, buffer)", "libc.timerfd_create(9, 0)", "libc.timerfd_create(8, 0)",
             setup="buffer = ctypes.create_string_buffer(8)", errors={1, 22, 95}),
    refusing("the_messages_of_other_users_are_refused", "os.open('/dev/mqueue/x', os.O_CREAT | os.O_RDWR)", "syscall(240, b'x', 0o102, 0o600, 0)"),
    seeing("no_terminal_of_another_is_seen", {"terminals": []}, "import os\nemit(terminals=[name for name in os.listdir('/dev/pts') if name != 'ptmx'])"),
    seeing("system_v_objects_of_the_host_are_not_listed", {"lines": 0}, """
        import os
        emit(lines=sum(len(open(f"/proc/sysvipc/{name}").read().splitlines()) - 1 for name in ("shm", "sem", "msg") if os.path.exists(f"/proc/sysvipc/{name}")))
        """),
    ending("an_error_tells_no_path_of_the_host", Outcome.FAILED, "raise ValueError(__file__)", absent=(CANARY, "/var/lib/docker", "site-packages")),
    ending("a_traceback_tells_no_code_of_the_warden", Outcome.FAILED, "def f(): g()\ndef g(): 1 / 0\nf()", absent=("warden", "/opt/windtunnel")),
    seeing("inspection_shows_no_frame_of_the_host", {"secrets": []}, """
        import gc, sys
        secrets = []
        frame = sys._getframe()
        while frame is not None:
            secrets += [name for name in frame.f_locals if name in ("password", "redis_url", "settings", "lease", "owner")]
            frame = frame.f_back
        for thing in gc.get_objects():
            if isinstance(thing, dict) and ("redis_url" in thing or "REDIS_URL" in thing):
                secrets.append("redis")
        emit(secrets=secrets)
        """),
]  # fmt: skip


@everywhere(ATTEMPTS)
def test_information(attempt: Attempt, isolation: Isolation, runtime: str, firing_range: Range) -> None:
    firing_range.face(attempt, isolation, runtime)
