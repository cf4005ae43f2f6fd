"""A Debian 12 machine with systemd in QEMU, without a network. Nothing of it is left when it is closed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from tests.machine.agent import Agent, Ended, MachineError

MEMORY_MB = 4096
SLOWNESS = {"kvm": 1, "tcg": 8}
"""Every deadline is multiplied by this: under emulation all takes many times as long."""


def accelerator() -> str:
    """What runs the machine: `kvm` where this user may use it, else `tcg`, which is emulation."""
    # A KVM without the processor's help, as in some clouds, takes only kernels made for it.
    usable = any(Path(f"/sys/module/kvm_{maker}").exists() for maker in ("intel", "amd"))
    return "kvm" if usable and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


class Machine:
    """One machine; it is up when this exists.

    `made` is the folder that root.sh printed, `payload` one that becomes /srv, `docker` the data of a Docker Engine.
    """

    def __init__(self, made: Path, payload: Path, docker: Path) -> None:
        with ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="windtunnel-vm-")))
            disks = self._folder / "payload", self._folder / "docker"
            for disk, folder, free_mb in zip(disks, (payload, docker), (64, 4096), strict=True):
                size = f"{_size_mb(folder) + free_mb}M"
                make = ("mke2fs", "-q", "-t", "ext4", "-d", folder, disk, size)
                subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
            self._start(made, disks, stack)
            self._exit = stack.pop_all()

    def _start(self, made: Path, further: Sequence[Path], stack: ExitStack) -> None:
        kind = accelerator()
        self.slowness = SLOWNESS[kind]
        self._process = subprocess.Popen(
            self._command(made, further, kind),
            env={**os.environ, "TMPDIR": str(self._folder)},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the tests, which end it
        )
        stack.callback(self._end)
        self._agent = self._await_agent(120 * self.slowness)
        stack.callback(self._agent.close)
        for disk in further:
            disk.unlink()  # QEMU has it open, and nothing is left even of a run that is killed

    def _command(self, made: Path, further: Sequence[Path], kind: str) -> list[str]:
        disks = [f"file={made / 'disk'},format=raw,snapshot=on"]
        disks += [f"file={disk},format=raw" for disk in further]
        return [
            # It ends with the process that started it, however that ends.
            *("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"),
            *("-accel", kind, "-cpu", "host" if kind == "kvm" else "max"),
            *("-smp", "2", "-m", str(MEMORY_MB), "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none"),
            *("-kernel", str(made / "kernel"), "-initrd", str(made / "initrd")),
            *("-append", "root=/dev/vda rw console=ttyS0 panic=-1"),
            *(word for disk in disks for word in ("-drive", f"{disk},if=virtio,cache=unsafe")),
            *("-device", "virtio-rng-pci", "-device", "virtio-serial"),
            *("-chardev", f"file,id=console,path={self._folder / 'console'}", "-serial", "chardev:console"),
            *("-chardev", f"socket,id=agent,path={self._folder / 'agent'},server=on,wait=off"),
            *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
        ]

    def _await_agent(self, timeout_s: float) -> Agent:
        until = time.monotonic() + timeout_s
        agent = self._connect(until)
        try:
            while not agent.answers(timeout_s=10):
                self._check_that_it_runs(until)
        except MachineError:
            agent.close()
            raise
        return agent

    def _connect(self, until: float) -> Agent:
        while True:
            self._check_that_it_runs(until)
            try:
                return Agent(self._folder / "agent")
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.1)

    def _check_that_it_runs(self, until: float) -> None:
        if self._process.poll() is not None:
            raise MachineError(f"QEMU ended with {self._process.returncode}; its console:\n{self.console()}")
        if time.monotonic() > until:
            raise MachineError(f"the machine did not start in time; its console:\n{self.console()}")

    def console(self) -> str:
        """The last lines on its console."""
        path = self._folder / "console"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def attempt(self, *words: str, timeout_s: float = 60) -> Ended:
        """Run a command there as root. The time is that of a machine with KVM."""
        return self._agent.run(shlex.join(words), timeout_s * self.slowness)

    def run(self, *words: str, timeout_s: float = 60) -> str:
        """Run a command there that must succeed; what it printed."""
        ended = self.attempt(*words, timeout_s=timeout_s)
        if ended.exit_code:
            raise MachineError(
                f"{shlex.join(words)} ended with {ended.exit_code}:\n{ended.stdout[-6000:]}\n{ended.stderr[-6000:]}"
            )
        return ended.stdout.strip()

    def shell(self, script: str, timeout_s: float = 60) -> str:
        """Run lines of bash there that must all succeed."""
        return self.run("bash", "-euo", "pipefail", "-c", script, timeout_s=timeout_s)

    def reboot(self) -> None:
        """Reboot as an operator does, and wait until it is up again."""
        before = self.boot_id()
        with suppress(MachineError):  # the agent may be gone before it has answered
            self.run("systemctl", "reboot", "--no-block")
        until = time.monotonic() + 300 * self.slowness
        while not self._is_up_since(before):
            self._check_that_it_runs(until)
            time.sleep(1)

    def _is_up_since(self, boot_id: str) -> bool:
        try:
            return self._agent.answers(timeout_s=10) and self.boot_id() != boot_id
        except MachineError:  # it went down meanwhile
            return False

    def boot_id(self) -> str:
        """What differs after each boot."""
        return self.run("cat", "/proc/sys/kernel/random/boot_id")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def _end(self) -> None:
        self._process.kill()  # its disk is thrown away
        self._process.wait()


def missing_tools() -> list[str]:
    """What this machine lacks for one."""
    return [tool for tool in ("qemu-system-x86_64", "mmdebstrap", "mke2fs", "setpriv") if shutil.which(tool) is None]


def _size_mb(folder: Path) -> int:
    """Of a file system with this in it."""
    used = sum(path.lstat().st_size for path in folder.rglob("*"))
    return used * 5 // 4 // 2**20 + 192
