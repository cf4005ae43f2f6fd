"""One sandbox: a hardened container with a warden in it. Created, started, given jobs, removed.

Every wait has a deadline. Nothing that happens in the container can keep `close` from removing it.
"""

from __future__ import annotations

import contextlib
import math
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from windtunnel.errors import SandboxError, SandboxFailure
from windtunnel_worker.monitoring.cgroup import Reading
from windtunnel_worker.monitoring.sampler import FIRST_S, Reader
from windtunnel_worker.sandbox import hardening
from windtunnel_worker.sandbox.engine import ContainerGone, EngineFault, engine, engine_errors
from windtunnel_worker.sandbox.kind import Kind
from windtunnel_worker.sandbox.languages import for_language
from windtunnel_worker.sandbox.limits import RunLimits
from windtunnel_worker.sandbox.protocol import Frame, FrameDecoder, Transcript, job_frame
from windtunnel_worker.sandbox.users import UserBlock

READY_TIMEOUT_S = 60.0
"""From the start to the warden's ready frame, imports included, on a busy host."""
STOP_GRACE_S = 5.0
"""How long after the program's own deadline the warden may report its end."""
MAX_VERSIONS = 64
REMOVAL_PAUSES_S = (0.2, 1.0)
"""Before a removal that failed is tried again: a busy daemon may write a container's files while it removes them."""
KILLED = 137
"""Exit code of a container whose first process was killed."""
NOTICE_S = 2
"""Seconds after a container's end in which Docker's event of a kill may arrive, where nothing else says why it died."""
ENDING_S = 10
"""Seconds to wait for the end of a container whose stream has ended: on a busy host the runtime is slow."""


class PreloadTooLarge(SandboxFailure):
    """The job's memory is too small for what is loaded before its program."""


class Sandbox:
    """A started container. Use it as a context manager, or call `close`.

    `users` are the user ids of its programs; they are released when it is closed.
    """

    def __init__(self, kind: Kind, name: str, labels: Mapping[str, str], lives_s: float, users: UserBlock) -> None:
        self.kind = kind
        self._users = users
        self.versions: dict[str, str] = {}
        self.pid = 0
        self.served = 0
        self.reader: Reader | None = None
        """Reads what it uses; found when first needed."""
        self.last_reading: Reading | None = None
        """The last one of the job that it served last."""
        self.created = time.monotonic()
        self.dies = self.created + lives_s
        """By the monotonic clock; its warden ends itself then, and its labels say the same to the reaper."""
        self._decoder = FrameDecoder()
        self._ended = False
        """The stream has ended, so the container has died or soon will."""
        self._history: set[str] | None = None
        self._naming = threading.Lock()
        self._closed = False
        self.id = ""
        try:
            with engine_errors(kind.image):
                self.id = self._create(name, labels, lives_s)
                self._attached, self._stream = self._attach()
                engine().api.start(self.id)
        except BaseException:
            self.close()
            raise

    def _create(self, name: str, labels: Mapping[str, str], lives_s: float) -> str:
        kind = self.kind
        return create(
            kind.image,
            hardening.host_config(
                kind.limits,
                {dataset.path: dataset.file for dataset in kind.datasets},
                language=for_language(kind.language),
                deployment=kind.deployment,
            ),
            name=name,
            labels=labels,
            cell=kind.is_cell,
            command=_warden_options(kind, lives_s, self._users.first),
            user=hardening.WARDEN_USER,
            stdin_open=True,
        )

    def _attach(self) -> tuple[Any, socket.socket]:
        """Attach before the start, so that no byte is missed. The first value keeps the connection alive."""
        # docker-py's own attach_socket waits for the daemon without a deadline.
        api: Any = engine().api
        response = api._post(
            api._url("/containers/{0}/attach", self.id),
            headers={"Connection": "Upgrade", "Upgrade": "tcp"},
            params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1},
            stream=True,
        )
        attached = api._get_raw_response_socket(response)
        return attached, getattr(attached, "_sock", attached)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_ready(self) -> None:
        """Wait until the warden has preloaded; `SandboxFailure` when it does not come up.

        `PreloadTooLarge` if it does not fit into the memory limit.
        """
        try:
            frames = self._frames(time.monotonic() + READY_TIMEOUT_S)
            ready = next(frame for frame in frames if frame is not None)
        except (EOFError, TimeoutError, OSError) as error:
            self._ended = not isinstance(error, TimeoutError)
            if self.oom_killed():
                raise PreloadTooLarge(f"The preload needs more than {self.kind.limits.memory_mb} MB.") from error
            reason = self.faults or self.state().get("Error") or "it said nothing"
            raise SandboxFailure(f"The sandbox did not come up: {reason}.") from error
        if ready.kind != b"R":
            raise SandboxFailure("The warden did not say that it is ready.")
        self._note_versions(ready)
        with engine_errors(self.kind.image):
            self.pid = int(engine().api.inspect_container(self.id)["State"]["Pid"])

    def _note_versions(self, frame: Frame) -> None:
        reported = frame.json().get("versions")
        if isinstance(reported, dict):
            known = {**self.versions, **{str(name)[:64]: str(value)[:64] for name, value in reported.items()}}
            self.versions = dict(list(known.items())[:MAX_VERSIONS])

    def run(
        self,
        job: Mapping[str, Any],
        limits: RunLimits,
        *,
        on_started: Callable[[], None],
        on_tick: Callable[[], bool],
        tick_s: float,
    ) -> Transcript:
        """Give a job to the warden and follow it to its end.

        `on_tick` is called almost at once and then about every `tick_s` seconds. The transcript has no end frame if
        `on_tick` returns False, which kills the program, if the container dies, or if the warden does not end an
        overdue program: one with very many processes can starve it.
        """
        self.served += 1
        transcript = Transcript(limits.output_bytes, folder=limits.folder)
        deadline = time.monotonic() + longest_run_s(self.kind.language, limits.timeout_s)
        overdue = math.inf
        self._stream.settimeout(STOP_GRACE_S)
        try:
            self._stream.sendall(job_frame(job))
            for frame in self._frames(deadline, tick_s, min(FIRST_S, tick_s)):
                if frame is None:
                    if not on_tick() or time.monotonic() >= overdue:
                        break
                elif frame.kind == b"S":
                    overdue = time.monotonic() + limits.timeout_s + STOP_GRACE_S
                    if frame.payload:
                        self._note_versions(frame)
                    on_started()
                else:
                    transcript.take(frame)
                    if transcript.end is not None:
                        break
        except (EOFError, TimeoutError, OSError) as error:
            # The container died or hangs: what its control group says decides the outcome.
            self._ended = not isinstance(error, TimeoutError)
        return transcript

    def _frames(self, deadline: float, tick_s: float = 1.0, first_tick_s: float = 1.0) -> Iterator[Frame | None]:
        """Frames as they come, None about every `tick_s`; EOFError at the end, TimeoutError at the deadline."""
        next_tick = time.monotonic() + first_tick_s
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise TimeoutError
            if now >= next_tick:
                yield None
                next_tick = time.monotonic() + tick_s
                continue
            self._stream.settimeout(max(0.001, min(next_tick, deadline) - now))
            try:
                data = self._stream.recv(262_144)
            except TimeoutError:
                continue
            if not data:
                raise EOFError
            yield from self._decoder.feed(data)

    def rename(self, name: str) -> None:
        """Name the container after the job it serves, for people who look at the host.

        Not while it is being removed: the daemon would store it again and list it for ever.
        """
        with self._naming, contextlib.suppress(SandboxFailure), engine_errors():
            if not self._closed:
                engine().api.rename(self.id, name)

    def healthy(self) -> bool:
        """True while the sandbox waits for a job: its stream is open and silent."""
        looking = select.poll()  # `select` refuses descriptors above 1023
        looking.register(self._stream, select.POLLIN)
        return not looking.poll(0)

    def state(self) -> dict[str, Any]:
        """The container's state as Docker reports it, e.g. `OOMKilled`; empty if the container is gone."""
        with contextlib.suppress(SandboxError), engine_errors():
            return dict(engine().api.inspect_container(self.id)["State"])
        return {}

    def oom_killed(self) -> bool:
        """Whether Docker reports that the sandbox ran out of memory, which it does some time after the stream's end.

        If Docker learned of the kill after the end, its state does not show the kill, but its events do.
        """
        if self._ended:
            with contextlib.suppress(SandboxError), engine_errors():
                engine().api.wait(self.id, timeout=ENDING_S)
        return self.state().get("OOMKilled") is True or (self._ended and "oom" in self._events())

    def killed_by_host(self) -> bool:
        """Whether its first process was killed, and not through the Docker daemon, as far as the daemon knows."""
        events = self._events()
        return self.state().get("ExitCode") == KILLED and "die" in events and "kill" not in events

    def _events(self) -> set[str]:
        """Docker's events about the container. The daemon keeps events only as long as it runs itself."""
        if self._history is None:
            now = time.time()
            self._history = set()
            with contextlib.suppress(SandboxError), engine_errors():
                for event in engine().api.events(
                    since=int(now - (time.monotonic() - self.created)),
                    until=int(now) + NOTICE_S,
                    filters={"container": self.id},
                    decode=True,
                ):
                    self._history.add(event["Action"])
                    if event["Action"] == "oom":
                        break
        return self._history

    @property
    def faults(self) -> str:
        """What the warden complained of."""
        return self._decoder.faults

    def close(self) -> None:
        """Kill and remove the container, whatever its state."""
        self.let_go()
        with self._naming:
            self._closed = True
        try:
            self._remove()
        finally:
            self._users.close()

    def let_go(self) -> None:
        """Close the connection to the warden, which ends the sandbox within a moment, without a call to the daemon."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None
        for name in ("_stream", "_attached"):
            with contextlib.suppress(OSError, AttributeError):  # it may have failed before it was attached
                getattr(self, name).close()

    def _remove(self) -> None:
        pauses = iter(REMOVAL_PAUSES_S)
        while self.id:
            try:
                with contextlib.suppress(ContainerGone), engine_errors(self.kind.image):
                    engine().api.remove_container(self.id, force=True, v=True)
                return
            except EngineFault:
                pause_s = next(pauses, None)
                if pause_s is None:
                    raise
                time.sleep(pause_s)


def create(
    image: str, options: Mapping[str, Any], *, name: str, labels: Mapping[str, str], cell: bool = False, **what: Any
) -> str:
    """Create a container with every protection and return its id.

    `options` are what `hardening.host_config` gives, `labels` what `listing.labels_for` gives, `what` are further
    arguments of Docker's call.
    """
    api = engine().api
    config = api.create_host_config(**options)
    # docker-py has no arguments for these two.
    config.update(MaskedPaths=hardening.masked_paths(cell=cell), ReadonlyPaths=hardening.READ_ONLY_PATHS)
    return str(
        api.create_container(
            image,
            name=name,
            hostname=hardening.HOSTNAME,
            environment=hardening.ENVIRONMENT,
            labels=dict(labels),
            host_config=config,
            network_disabled=True,
            **what,
        )["Id"]
    )


def longest_run_s(language: str, timeout_s: float) -> float:
    """From the job frame to the last moment at which the end frame is waited for."""
    return for_language(language).preparation_s + timeout_s + STOP_GRACE_S


def _warden_options(kind: Kind, lives_s: float, first_user: int) -> list[str]:
    frames = [f"--frame={dataset.name}={dataset.path}" for dataset in kind.datasets if dataset.preload]
    options = [f"--jobs={kind.jobs}", f"--life={math.ceil(lives_s)}", f"--first-user={first_user}"]
    if kind.deployment.overhead.own_kernel:
        options.append("--answer-flushes")
    return [*options, *frames, *kind.preload]
