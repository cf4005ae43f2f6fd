"""Fixtures of every tier. What a machine lacks skips a test there, and fails it where `CI` is set."""

from __future__ import annotations

import functools
import gc
import itertools
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import redis
from tests.support import ENOUGH, OUR_VARIABLES, RedisServer, Run, Stack, an_assignment, free_port, missing, unique

from windtunnel.client import Client
from windtunnel.client.datasets import Datasets
from windtunnel.contract import Execution, Job
from windtunnel.errors import WindtunnelError
from windtunnel.settings import client_settings
from windtunnel.store import Store
from windtunnel_worker.sandbox import Executor, Hooks, images, list_sandboxes
from windtunnel_worker.sandbox.engine import engine
from windtunnel_worker.settings import HostSettings, host_settings

collect_ignore = ["cases", "corpora"]
"""Programs to be judged, many of them hostile: none may be imported, whatever it is called."""
if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
    collect_ignore.append("integration/test_tracing.py")  # `make observability-test` installs what it needs
KEPT_VARIABLES = ("DOCKER_HOST", "SANDBOX_DEFAULT_IMAGE", "WINDTUNNEL_LANGUAGE_IMAGES")
"""Which Docker Engine and which images the tests are about."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `matrix` runs only where the expression names it."""
    if "matrix" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("matrix")]
        items[:] = [item for item in items if not item.get_closest_marker("matrix")]
        config.hook.pytest_deselected(items=left_out)


def _forget() -> None:
    host_settings.cache_clear()
    client_settings.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the person who runs the tests counts, and no sandbox of theirs is touched."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(OUR_VARIABLES) and name not in KEPT_VARIABLES:
                patch.delenv(name)
        patch.setenv("WINDTUNNEL_HOST", unique("test"))
        patch.setenv("WINDTUNNEL_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        patch.setenv("WINDTUNNEL_STORE_URL", str(tmp_path_factory.mktemp("store")))
        _forget()
        yield
    _forget()


@pytest.fixture
def setenv(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Set variables with this; settings are read afresh during and after the test."""
    _forget()
    yield monkeypatch
    monkeypatch.undo()
    _forget()


@pytest.fixture(scope="session")
def redis_program() -> str:
    """Where redis-server is."""
    return shutil.which("redis-server") or missing("there is no redis-server on this machine")


@pytest.fixture(scope="session")
def redis_url(redis_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A private Redis for the whole session; `keys` and `client` empty it."""
    with RedisServer(redis_program, tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture
def keys(redis_url: str) -> Iterator[redis.Redis]:
    """A plain connection to an emptied Redis."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def client(redis_url: str, keys: redis.Redis) -> Iterator[Client]:
    assert keys.dbsize() == 0
    with Client(redis_url) as client:
        yield client


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server on loopback, in a process of its own."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        said = list(itertools.takewhile(lambda line: "Running on" not in line, process.stdout))
        assert process.poll() is None, "".join(said)
        reader = threading.Thread(target=process.stdout.read, daemon=True)  # it must never wait for one
        reader.start()
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        reader.join()


@pytest.fixture
def s3_bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty bucket of that server, for this process and those it starts."""
    name = unique("bucket")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{name}", method="PUT"), timeout=30).close()
    return f"s3://{name}/deployment"


@pytest.fixture(scope="session")
def docker_engine() -> images.Image:
    """A Docker Engine that answers and has the sandbox image, which this is."""
    try:
        return images.find(host_settings().default_image)
    except WindtunnelError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def tested_image(docker_engine: images.Image) -> images.Image:
    """The image that the tests are about."""
    return docker_engine


@pytest.fixture(scope="session")
def gvisor(docker_engine: images.Image) -> str:
    """What the Docker Engine knows gVisor as."""
    assert docker_engine.digest
    return "runsc" if "runsc" in engine().info()["Runtimes"] else missing("the Docker Engine does not know runsc")


@pytest.fixture(params=["unix://{folder}/none.sock", "tcp://127.0.0.1:{port}"], ids=["unix", "tcp"])
def docker_away(request: pytest.FixtureRequest, setenv: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The address of a Docker Engine that does not answer. Its client leaves its socket to the collector."""
    address = str(request.param).format(folder=tmp_path, port=free_port())
    setenv.setenv("DOCKER_HOST", address)
    engine.cache_clear()
    gc.disable()  # else it may come in the middle of the test
    yield address
    engine.cache_clear()
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
    gc.enable()


@pytest.fixture
def settings() -> HostSettings:
    return host_settings()


@pytest.fixture
def datasets(settings: HostSettings) -> Datasets:
    """The datasets in the store of this test run, without Redis."""
    return Datasets(None, lambda: Store(settings.store_url.get_secret_value()), max_bytes=2**30)


@pytest.fixture
def run(docker_engine: images.Image, settings: HostSettings) -> Iterator[Run]:
    """Run a program in a fresh sandbox of its own; none may be left at the end."""
    executor = Executor(settings.model_copy(update={"default_image": docker_engine.name}), "tests")

    def run(code: str, hooks: Hooks | None = None, **fields: Any) -> Execution:
        job = Job(code=textwrap.dedent(code), **{"limits": ENOUGH, **fields})
        return executor.execute(an_assignment(job), hooks)

    yield run
    assert list_sandboxes(settings.host) == []


@pytest.fixture(scope="session")
def start_stack(docker_engine: images.Image, redis_program: str) -> Callable[..., Stack]:
    """Starts `windtunnel up` where this machine has what it needs; takes what `Stack` takes."""
    path = f"{Path(redis_program).parent}{os.pathsep}{os.environ['PATH']}"
    return functools.partial(Stack, SANDBOX_DEFAULT_IMAGE=docker_engine.name, PATH=path)


@pytest.fixture(scope="session")
def stack(start_stack: Callable[..., Stack], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole system with two slots and Flower, as real processes."""
    with start_stack(
        tmp_path_factory.mktemp("stack"), "--flower", str(free_port()), FLOWER_UNAUTHENTICATED_API="1"
    ) as stack:
        yield stack


@pytest.fixture
def app(stack: Stack) -> Iterator[Client]:
    """A client of the whole system, as a trading app holds it. No job of a test that failed keeps a slot busy."""
    with Client(stack.url) as client:
        yield client
        for batch in client.batches():
            if not batch.done:
                client.cancel(batch.batch_id)
