"""Redis behind TLS with an authority of its own: `rediss://…?ssl_ca_certs=FILE` for everybody who talks to it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from tests.support import PATIENCE_S, RedisServer, Role, answer_of, free_port, get_json, missing, unique, until

from windtunnel.client import Client
from windtunnel.contract import Job, Outcome
from windtunnel.errors import StoreUnavailable
from windtunnel.records import records_of
from windtunnel.settings import Settings


def openssl(*arguments: str | Path) -> None:
    program = shutil.which("openssl") or missing("there is no openssl on this machine")
    subprocess.run([program, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.pem` and what it certified: `redis.pem` for 127.0.0.1, and `redis.key`."""
    folder = tmp_path_factory.mktemp("authority")
    new = ("req", "-newkey", "rsa:2048", "-nodes")
    openssl(*new, "-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    name = ("-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1")
    openssl(*new, *name, "-keyout", folder / "redis.key", "-out", folder / "redis.csr")
    by = ("-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial")
    signed = ("-days", "2", "-copy_extensions", "copy", "-in", folder / "redis.csr", "-out", folder / "redis.pem")
    openssl("x509", "-req", *by, *signed)
    return folder


@contextmanager
def serving(
    program: str, folder: Path, authority: Path, certificate: str = "redis.pem", asks: str = "no"
) -> Iterator[int]:
    """The port on which a Redis speaks TLS, and nothing else."""
    port = free_port()
    options = ["--tls-port", str(port), "--tls-auth-clients", asks, "--tls-ca-cert-file", str(authority / "ca.pem")]
    options += ["--tls-cert-file", str(authority / certificate), "--tls-key-file", str(authority / "redis.key")]
    with RedisServer(program, folder, *options):
        yield port


@pytest.fixture(scope="module")
def port(redis_program: str, authority: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with serving(redis_program, tmp_path_factory.mktemp("tls"), authority) as port:
        yield port


@pytest.fixture
def asking(redis_program: str, authority: Path, tmp_path: Path) -> Iterator[int]:
    """The port of a Redis that wants certificates of its clients."""
    with serving(redis_program, tmp_path, authority, asks="yes") as port:
        yield port


@pytest.fixture
def expired(redis_program: str, authority: Path, tmp_path: Path) -> Iterator[int]:
    """The port of a Redis whose certificate has expired."""
    issuer = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    request = x509.load_pem_x509_csr((authority / "redis.csr").read_bytes())
    key = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    now, day = datetime.now(UTC), timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(issuer.subject, request.subject, request.public_key(), x509.random_serial_number())
        .not_valid_before(now - 9 * day)
        .not_valid_after(now - 2 * day)
        .add_extension(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value, critical=False)
        .sign(key, hashes.SHA256())
    )
    (authority / "expired.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    with serving(redis_program, tmp_path, authority, certificate="expired.pem") as port:
        yield port


def test_client_workers_exporter_and_flower_all_speak_tls(port: int, authority: Path, tmp_path: Path) -> None:
    """The programs are rejected ones, so that Docker is not needed."""
    url = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority}/ca.pem"
    metrics, flower, host = free_port(), free_port(), unique("tls")
    roles = [("validate", "--concurrency", "1"), ("finalize", "--concurrency", "1")]
    roles += [("metrics", "--port", str(metrics)), ("flower", "--port", str(flower))]
    with ExitStack() as stack:
        for role, *options in roles:
            log = tmp_path / f"{role}.log"
            stack.enter_context(Role(role, url, host, log, *options, FLOWER_UNAUTHENTICATED_API="1"))
        client = stack.enter_context(Client(url))
        status = client.wait(client.submit_batch([Job(code="import os")] * 20), timeout=PATIENCE_S)
        assert status.outcomes == {Outcome.REJECTED: 20}
        assert 'windtunnel_jobs_total{outcome="rejected"} 20.0' in answer_of(f"http://127.0.0.1:{metrics}/metrics")

        def shown() -> bool:  # Flower may have come late, and hears of a task when that is done
            client.wait(client.submit(Job(code="import os")), timeout=PATIENCE_S)
            tasks = get_json(f"http://127.0.0.1:{flower}/api/tasks")
            return "windtunnel.validate" in {task["name"] for task in tasks.values()}

        until(shown, "Flower shows tasks")
        # It asks Redis for this by a connection of its own.
        assert get_json(f"http://127.0.0.1:{flower}/api/queues/length")["active_queues"]


def test_a_server_whose_authority_is_not_known_is_not_trusted(port: int) -> None:
    with Client(f"rediss://127.0.0.1:{port}/0") as client, pytest.raises(StoreUnavailable) as refused:
        client.submit(Job(code="print(1)"))
    assert "not trusted" in refused.value.message
    assert "ssl_ca_certs" in refused.value.remedy


@pytest.mark.parametrize(
    ("server", "url", "said"),
    [
        ("port", "rediss://localhost:{port}/0?ssl_ca_certs={ca}", "for another name: Hostname mismatch"),
        ("port", "redis://127.0.0.1:{port}/0", "write rediss:// if it expects TLS"),
        ("expired", "rediss://127.0.0.1:{port}/0?ssl_ca_certs={ca}", "has a certificate that has expired. Renew it"),
        ("asking", "rediss://127.0.0.1:{port}/0?ssl_ca_certs={ca}", "ssl_certfile=FILE&ssl_keyfile=FILE"),
    ],
)
def test_each_mistake_with_tls_is_explained(
    server: str, url: str, said: str, authority: Path, request: pytest.FixtureRequest
) -> None:
    url = url.format(port=request.getfixturevalue(server), ca=authority / "ca.pem")
    records = records_of(Settings(redis_url=SecretStr(url)), retries=0)
    with closing(records), pytest.raises(StoreUnavailable, match=re.escape(said)):
        records.reading.ping()


def test_a_client_shows_the_certificate_that_redis_asks_for(asking: int, authority: Path) -> None:
    own = f"ssl_certfile={authority}/redis.pem&ssl_keyfile={authority}/redis.key"
    url = f"rediss://127.0.0.1:{asking}/0?ssl_ca_certs={authority}/ca.pem&{own}"
    with Client(url) as client:
        assert client.status(client.submit(Job(code="print(1)"))).state == "queued"
