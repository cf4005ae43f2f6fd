"""A second Docker Engine of the tests' own, which they may kill, and whose disk they may fill. Needs root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Self

import psutil
from tests.support import command_line


def can_start() -> bool:
    """True where this user may start a second Docker Engine."""
    return os.geteuid() == 0 and shutil.which("dockerd") is not None


class Daemon:
    """A second Docker Engine with nothing in common with the first."""

    def __init__(self, folder: Path, disk_bytes: int, name: str = "faults", network: str = "") -> None:
        """`network` is the network namespace that it runs in; without one it has a nameless one of its own."""
        self.folder, self.name = folder, name
        # A daemon that is to have no bridge removes docker0, which in these namespaces is not the first one's.
        self._inside = ["nsenter", f"--net=/run/netns/{network}"] if network else ["unshare", "--net"]
        self.filler = folder / "data" / "filler"
        self.address = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self._killed: list[psutil.Process] = []
        (folder / "none.json").write_text("{}")
        self.filler.parent.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={disk_bytes}", "tmpfs", str(self.filler.parent)]
        subprocess.run(["mount", *options], check=True)
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.clear()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        psutil.wait_procs(self._killed, timeout=10)
        (self.folder / "docker.pid").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(*self._inside, "dockerd"),
                    *("--host", self.address, "--pidfile", str(self.folder / "docker.pid")),
                    *("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec")),
                    *(
                        "--config-file",
                        str(self.folder / "none.json"),
                        "--bridge=none",
                        "--iptables=false",
                        "--ip-forward=false",
                    ),
                    *("--containerd-namespace", self.name, "--containerd-plugins-namespace", f"{self.name}-plugins"),
                ],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while subprocess.run(["docker", "-H", self.address, "version"], capture_output=True, check=False).returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill it and the containerd it started, which would be in its successor's way. Takes no time."""
        assert self._process is not None
        self._killed = [child for child in psutil.Process(self._process.pid).children() if child.name() == "containerd"]
        self._process.kill()
        self._process.wait()
        for child in self._killed:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()

    def fill_disk(self) -> None:
        with self.filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(2**20)):
                pass

    def stop(self) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    def clear(self) -> None:
        """What a killed daemon leaves: the shims of its containers, its mounts, its folder."""
        shims = [process for process in psutil.process_iter() if str(self.folder) in " ".join(command_line(process))]
        for shim in shims:
            with contextlib.suppress(psutil.NoSuchProcess):
                shim.kill()
        psutil.wait_procs(shims, timeout=10)
        points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for point in sorted((point for point in points if point.startswith(f"{self.folder}/")), reverse=True):
            subprocess.run(["umount", "--lazy", point], check=True)
        shutil.rmtree(self.folder)

    def load(self, image: str) -> None:
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as save:
            subprocess.run(["docker", "-H", self.address, "load"], stdin=save.stdout, check=True, capture_output=True)
        assert save.returncode == 0
        assert save.stdout is not None
        save.stdout.close()
        assert save.wait() == 0
