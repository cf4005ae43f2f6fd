"""One connection to the Docker Engine, with every failure turned into a typed error that says what to do.

Docker's client is imported when the first call is made: a process that needs none does not pay for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from windtunnel.errors import DockerPermissionDenied, DockerUnavailable, ImageNotFound, SandboxFailure

if TYPE_CHECKING:
    import docker

CALL_TIMEOUT_S = 30
SOCKET_SCHEME = "http+docker://"
"""How the client writes the address of a daemon on this machine."""


class ContainerGone(SandboxFailure):
    """The container with this id has gone."""


class EngineFault(SandboxFailure):
    """The daemon answered that it failed."""


@contextmanager
def engine_errors(image: str = "") -> Iterator[None]:
    """Run Docker calls; raise our error for whatever they raise."""
    import requests
    from docker.errors import DockerException, NotFound
    from docker.errors import ImageNotFound as DockerImageNotFound

    try:
        yield
    except DockerImageNotFound as error:
        raise ImageNotFound(
            f"Sandbox image {image!r} is not on this host.",
            remedy="Build it with `make image` or `sandbox_image/build.sh LANGUAGE`, or set SANDBOX_DEFAULT_IMAGE.",
        ) from error
    except NotFound as error:
        raise ContainerGone(f"The container vanished: {error.explanation}.") from error
    except (DockerException, requests.RequestException, OSError) as error:
        raise _connection_error(error) from error


def _connection_error(error: BaseException) -> Exception:
    from docker.errors import APIError

    causes = []
    cause: BaseException | None = error
    while cause is not None:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    text = " ".join(map(str, causes))
    if any(isinstance(cause, PermissionError) for cause in causes) or "Permission denied" in text:
        return DockerPermissionDenied(
            f"Permission denied on the Docker socket {address}.",
            remedy="Run `sudo usermod -aG docker $USER`, log in again, or run as a user who may.",
        )
    if any(isinstance(cause, ConnectionError | FileNotFoundError) for cause in causes) or "Connection" in text:
        return DockerUnavailable(
            f"No Docker Engine answers at {address}.",
            remedy="Start it (`sudo systemctl start docker`, or `deploy/setup.sh`) or set DOCKER_HOST.",
        )
    if "no space left on device" in text:
        return SandboxFailure(
            f"The disk of the Docker host is full: {error}.",
            remedy="Free space there (`docker system df`, `docker image prune`); the job is tried again.",
        )
    kind = EngineFault if isinstance(error, APIError) and error.is_server_error() else SandboxFailure
    return kind(f"Docker failed: {error}.", remedy="See the daemon's log.")


@lru_cache(maxsize=1)
def engine() -> docker.DockerClient:
    """The client of this process; `DockerUnavailable` or `DockerPermissionDenied` if none can be had."""
    import docker

    with engine_errors():
        client = docker.from_env(timeout=CALL_TIMEOUT_S)
        if client.api.base_url.startswith(SOCKET_SCHEME):
            # Proxies are for other machines. To look for them at each call costs a third of the call's time, and fails
            # when another thread changes the environment.
            client.api.trust_env = False
        client.ping()
    return client


# A child process must not write into its parent's connection.
os.register_at_fork(after_in_child=engine.cache_clear)


def engine_version() -> str:
    """Version of the Docker Engine that answers."""
    with engine_errors():
        return str(engine().version()["Version"])
