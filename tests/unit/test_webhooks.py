"""Webhooks over real connections: signed, retried, never past the allowlist, whatever a receiver does."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support import check_examples

from windtunnel import webhooks
from windtunnel.contract import Webhook
from windtunnel.errors import InvalidInput, WebhookRefused
from windtunnel.records.outbox import Hook, Outbox
from windtunnel.testing import Tunnel
from windtunnel.webhooks import sign, verify
from windtunnel_worker.delivery import request
from windtunnel_worker.delivery.deliver import FIRST_PAUSE_S, LONGEST_PAUSE_S, MOST_ATTEMPTS, Deliverer, pause_s
from windtunnel_worker.delivery.targets import Allowlist, NotAllowed
from windtunnel_worker.settings import host_settings

SECRET = "a secret of this test"
Answer = Callable[[BaseHTTPRequestHandler], None]


def answering(status: int, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()

    return answer


class Receiver:
    """A server on loopback that keeps what it gets and answers as the test says."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Answer = answering(204)
        self.end = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                receiver.answer(self)

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that hangs up is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def finished(url: str) -> Tunnel:
    """A tunnel in which a batch with this webhook has ended."""
    tunnel = Tunnel()
    tunnel.client.submit_batch([{"code": "print(1)"}], webhook=Webhook(url=url))
    return tunnel


def deliver(tunnel: Tunnel, allowed: Allowlist, secret: str | None = SECRET, **options: Any) -> str:
    """One attempt; why the webhook is dead, or nothing."""
    assert Deliverer(tunnel.records.outbox, allowed, secret, **options).run() == 1
    letters = tunnel.records.care.dead_letters()
    return letters[0].reason if letters else ""


def test_the_example_in_the_docstring() -> None:
    check_examples(webhooks)


def test_an_event_arrives_signed_and_leaves_the_outbox(receiver: Receiver) -> None:
    tunnel = finished(f"http://127.0.0.1:{receiver.port}/ended?token=a")
    assert deliver(tunnel, Allowlist.of(["127.0.0.1"])) == ""
    ((path, headers, body),) = receiver.got
    assert path == "/ended?token=a"
    event = verify(body, headers, SECRET)
    assert event["kind"] == "batch_finished"
    assert headers["Windtunnel-Event"] == event["id"]
    assert tunnel.records.outbox.waiting() == 0


@pytest.mark.parametrize("answer", [answering(500), answering(404), answering(302, Location="http://127.0.0.1:1/")])
def test_a_receiver_that_does_not_take_it_gets_it_again(receiver: Receiver, answer: Answer) -> None:
    receiver.answer = answer
    tunnel = finished(f"http://127.0.0.1:{receiver.port}/")
    assert deliver(tunnel, Allowlist.of(["127.0.0.1"])) == ""
    assert len(receiver.got) == 1
    assert tunnel.records.outbox.waiting() == 1
    assert Deliverer(tunnel.records.outbox, Allowlist.of(["127.0.0.1"]), SECRET).run() == 0  # after a pause


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with closing(Receiver()) as other:
        receiver.answer = answering(307, Location=f"http://127.0.0.1:{other.port}/")
        deliver(finished(f"http://127.0.0.1:{receiver.port}/"), Allowlist.of(["127.0.0.1"]))
    assert (len(receiver.got), other.got) == (1, [])


def test_a_receiver_that_drips_is_cut_off(receiver: Receiver) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        while not receiver.end.wait(0.02):
            try:
                request.wfile.write(b"H")
            except OSError:
                return

    receiver.answer = drip
    tunnel = finished(f"http://127.0.0.1:{receiver.port}/")
    assert deliver(tunnel, Allowlist.of(["127.0.0.1"]), deadline_s=0.3) == ""
    assert tunnel.records.outbox.waiting() == 1


def test_the_last_attempt_makes_a_dead_letter(receiver: Receiver) -> None:
    receiver.answer = answering(500)
    tunnel = finished(f"http://127.0.0.1:{receiver.port}/")
    (hook,) = tunnel.records.outbox.take(1, 0)
    for _ in range(MOST_ATTEMPTS - 2):
        tunnel.records.outbox.later(hook, -1000)
        (hook,) = tunnel.records.outbox.take(1, 0)
    tunnel.records.outbox.later(hook, -1000)
    assert "answered 500" in deliver(tunnel, Allowlist.of(["127.0.0.1"]))
    assert tunnel.records.outbox.waiting() == 0


def test_a_receiver_that_is_gone_gets_no_further_attempt(receiver: Receiver) -> None:
    receiver.answer = answering(410)
    assert "answered 410" in deliver(finished(f"http://127.0.0.1:{receiver.port}/"), Allowlist.of(["127.0.0.1"]))


class OneHook:
    """An outbox with one webhook, which keeps the pause before its next attempt."""

    def __init__(self, url: str) -> None:
        self.url, self.pause_s = url, -1.0

    def take(self, _most: int, lease_s: float) -> list[Hook]:
        assert lease_s > 0
        return [Hook("b:1", self.url, b"{}", attempt=1)]

    def later(self, _hook: Hook, pause_s: float, *, others: bool) -> None:
        self.pause_s, self.others = pause_s, others


def asking(receiver: Receiver, status: int, retry_after: str) -> OneHook:
    """What becomes of a webhook whose receiver answers this."""
    receiver.answer = answering(status, **{"Retry-After": retry_after})
    outbox = OneHook(f"http://127.0.0.1:{receiver.port}/")
    Deliverer(cast(Outbox, outbox), Allowlist.of(["127.0.0.1"]), SECRET).run()
    return outbox


@pytest.mark.parametrize(
    ("status", "asked", "least", "most"),
    [
        (429, "300", 300, 300),
        (429, "999999999999", LONGEST_PAUSE_S, LONGEST_PAUSE_S),
        (429, "soon", 0, FIRST_PAUSE_S),
        (429, "-5", 0, FIRST_PAUSE_S),
        (503, "Fri, 31 Dec 1999 23:59:59 GMT", 0, FIRST_PAUSE_S),
    ],
)
def test_a_receiver_may_ask_for_a_pause(receiver: Receiver, status: int, asked: str, least: float, most: float) -> None:
    outbox = asking(receiver, status, asked)
    assert least <= outbox.pause_s <= most
    assert outbox.others == (least > 0)


def test_a_receiver_may_ask_for_a_pause_until_a_date(receiver: Receiver) -> None:
    outbox = asking(receiver, 503, format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    assert 2700 <= outbox.pause_s <= 3600
    assert outbox.others


def test_the_next_address_is_tried_where_the_first_does_not_answer(receiver: Receiver) -> None:
    def both(_host: str, _port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]  # the receiver listens at the second only

    tunnel = finished(f"http://hooks.test:{receiver.port}/")
    deliver(tunnel, Allowlist.of([f"hooks.test:{receiver.port}", "127.0.0.0/8"], both))
    assert len(receiver.got) == 1


def test_a_webhook_that_was_given_up_is_sent_again_on_demand(receiver: Receiver) -> None:
    tunnel = finished(f"http://127.0.0.1:{receiver.port}/")
    assert "WINDTUNNEL_WEBHOOK_SECRET" in deliver(tunnel, Allowlist.of(["127.0.0.1"]), secret=None)
    assert tunnel.client.resend_webhooks() == 1
    assert deliver(tunnel, Allowlist.of(["127.0.0.1"])) == ""
    assert len(receiver.got) == 1
    assert tunnel.client.resend_webhooks() == 0


def test_nothing_listens_there() -> None:
    tunnel = finished("http://127.0.0.1:1/")
    assert deliver(tunnel, Allowlist.of(["127.0.0.1"])) == ""
    assert tunnel.records.outbox.waiting() == 1


# -- over TLS --------------------------------------------------------------------------------------------

HOOKS = "hooks.example.com"


def issued(name: str, issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None) -> tuple[bytes, Any]:
    """A certificate and its key for a name: an authority's own, or one that an authority issued."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    by, signer = issuer or (subject, key)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(by, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), (subject, key)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Any]:
    """An authority of the operator's own: the file with its certificate, and what issues with it."""
    certificate, issuer = issued("authority.example.com")
    (tmp_path / "authority.pem").write_bytes(certificate)
    return tmp_path / "authority.pem", issuer


@pytest.fixture
def secure(authority: tuple[Path, Any], tmp_path: Path) -> Iterator[Receiver]:
    """A receiver with a certificate for HOOKS from that authority."""
    certificate, (_, key) = issued(HOOKS, authority[1])
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "receiver.pem").write_bytes(certificate + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "receiver.pem")
    receiver = Receiver(context)
    yield receiver
    receiver.close()


def on_loopback(port: int, name: str = HOOKS) -> Allowlist:
    """Allows a name, which resolves to this machine."""
    return Allowlist.of([f"{name}:{port}", "127.0.0.0/8"], lambda _host, _port: ["127.0.0.1"])


@pytest.mark.parametrize(("status", "waiting"), [(204, 0), (500, 1), (307, 1)])
def test_over_tls_an_event_arrives_signed_and_waits_until_it_is_taken(
    secure: Receiver, authority: tuple[Path, Any], status: int, waiting: int
) -> None:
    secure.answer = answering(status, Location="https://127.0.0.1:1/")
    tunnel = finished(f"https://{HOOKS}:{secure.port}/done")
    assert deliver(tunnel, on_loopback(secure.port), authorities=authority[0]) == ""
    ((path, headers, body),) = secure.got
    assert path == "/done"
    assert verify(body, headers, SECRET)["kind"] == "batch_finished"
    assert tunnel.records.outbox.waiting() == waiting


@pytest.mark.parametrize("wrong", ["an unknown authority", "another name"])
def test_over_tls_a_receiver_that_is_not_the_one_that_is_meant_gets_nothing(
    secure: Receiver, authority: tuple[Path, Any], wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    name, trusted = (HOOKS, None) if wrong == "an unknown authority" else ("other.example.com", authority[0])
    tunnel = finished(f"https://{name}:{secure.port}/")
    assert deliver(tunnel, on_loopback(secure.port, name), authorities=trusted) == ""
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
    assert secure.got == []
    assert tunnel.records.outbox.waiting() == 1


@pytest.mark.parametrize("connect_s", [0.2, 5.0])
def test_a_handshake_that_never_ends_is_cut_off(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, connect_s: float
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(request, "CONNECT_S", connect_s)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert deliver(finished(f"https://{HOOKS}:{port}/"), on_loopback(port), deadline_s=0.3) == ""
    assert f"no answer within {min(connect_s, 0.3):g} s" in caplog.text


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_without_certificates_is_named(setenv: pytest.MonkeyPatch, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "authority.pem"
    if text:
        file.write_text(text)
    setenv.setenv("WINDTUNNEL_WEBHOOK_CA", str(file))
    with pytest.raises(InvalidInput, match="WINDTUNNEL_WEBHOOK_CA: names a file without readable certificates"):
        host_settings()


@pytest.mark.parametrize("allowed", [[], ["hooks.example.com"], ["10.0.0.0/8"], ["127.0.0.1:1"], ["localhost"]])
def test_what_is_not_listed_gets_nothing(receiver: Receiver, allowed: list[str]) -> None:
    reason = deliver(finished(f"http://127.0.0.1:{receiver.port}/"), Allowlist.of(allowed))
    assert "is not in WINDTUNNEL_WEBHOOKS" in reason
    assert receiver.got == []


def test_without_a_secret_nothing_is_sent(receiver: Receiver) -> None:
    reason = deliver(finished(f"http://127.0.0.1:{receiver.port}/"), Allowlist.of(["127.0.0.1"]), None)
    assert "WINDTUNNEL_WEBHOOK_SECRET" in reason
    assert receiver.got == []


# -- targets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "::",
        "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1",
    ],
)  # fmt: skip
def test_a_listed_name_that_resolves_to_a_private_address_gets_nothing(address: str) -> None:
    allowed = Allowlist.of(["hooks.example.com"], lambda _host, _port: ["93.184.216.34", address])
    with pytest.raises(NotAllowed, match="private address"):
        allowed.target("https://hooks.example.com/")


def test_a_name_is_resolved_once_and_its_address_is_what_is_connected_to() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    allowed = Allowlist.of(["*.example.com"], lambda _host, _port: next(answers))
    target = allowed.target("https://hooks.example.com/a?b=c")
    assert (target.addresses, target.host, target.port, target.path) == (
        ("93.184.216.34",),
        "hooks.example.com",
        443,
        "/a?b=c",
    )
    with pytest.raises(NotAllowed):
        allowed.target("https://hooks.example.com/")


@pytest.mark.parametrize(
    ("entries", "url", "fine"),
    [
        (["hooks.example.com"], "https://HOOKS.example.com./", True),
        (["hooks.example.com"], "https://hooks.example.com:8443/", False),
        (["hooks.example.com:8443"], "https://hooks.example.com:8443/", True),
        (["hooks.example.com:8443"], "https://hooks.example.com/", False),
        (["*.example.com"], "https://a.b.example.com/", True),
        (["*.example.com"], "https://example.com/", False),
        (["*.example.com"], "https://badexample.com/", False),
        (["example.com"], "https://example.com@evil.test/", False),
        (["example.com"], "https://evil.test/?example.com", False),
        (["hooks.example.com"], "http://hooks.example.com/", False),
        (["hooks.example.com", "93.184.216.0/24"], "http://hooks.example.com/", True),
        (["hooks.example.com"], "ftp://hooks.example.com/", False),
    ],
)
def test_the_allowlist(entries: list[str], url: str, fine: bool) -> None:
    allowed = Allowlist.of(entries, lambda _host, _port: ["93.184.216.34"])
    if fine:
        assert allowed.target(url).addresses == ("93.184.216.34",)
    else:
        with pytest.raises(NotAllowed):
            allowed.target(url)


def test_a_listed_name_at_another_port_is_told_which_ports_it_stands_for() -> None:
    with pytest.raises(NotAllowed, match="; a name alone stands for 80 and 443"):
        Allowlist.of(["*.example.com"]).target("https://hooks.example.com:8443/")


@pytest.mark.parametrize(
    "entry", ["", "https://a.example.com", "a b", "user@host", "host?x", "10.0.0.0/99", "a.test,b.test", "a.*.test"]
)
def test_an_entry_that_is_none_is_named(setenv: pytest.MonkeyPatch, entry: str) -> None:
    setenv.setenv("WINDTUNNEL_WEBHOOKS", json.dumps([entry]))
    with pytest.raises(InvalidInput, match="WINDTUNNEL_WEBHOOKS"):
        host_settings()


def test_the_secret_is_in_no_text(setenv: pytest.MonkeyPatch) -> None:
    setenv.setenv("WINDTUNNEL_WEBHOOK_SECRET", SECRET)
    assert SECRET not in repr(host_settings())


def test_pauses_grow_and_are_bounded() -> None:
    assert FIRST_PAUSE_S / 2 <= pause_s(1) <= FIRST_PAUSE_S
    assert LONGEST_PAUSE_S / 2 <= pause_s(50) <= LONGEST_PAUSE_S
    together = sum(max(pause_s(attempt) for _ in range(200)) for attempt in range(1, MOST_ATTEMPTS))
    assert 5 <= together / 3600 <= 7  # with jitter, about five hours


# -- the receiving side ----------------------------------------------------------------------------------

BODY = b'{"id": "b:1"}'
STAMPED = {"windtunnel-timestamp": "1000", "windtunnel-signature": sign(SECRET, 1000, BODY)}


@pytest.mark.parametrize(
    ("body", "headers", "secret", "now"),
    [
        (BODY, STAMPED, SECRET, 1301),
        (BODY, STAMPED, SECRET, 699),
        (BODY, STAMPED, "another", 1000),
        (BODY, {**STAMPED, "windtunnel-signature": sign("", 1000, BODY)}, "", 1000),
        (BODY, {**STAMPED, "windtunnel-signature": sign("", 1000, BODY)}, ["new", ""], 1000),
        (BODY, STAMPED, [], 1000),
        (BODY, STAMPED, ["another", "the next one"], 1000),
        (BODY + b" ", STAMPED, SECRET, 1000),
        (BODY, {**STAMPED, "windtunnel-timestamp": "1001"}, SECRET, 1000),
        (BODY, {**STAMPED, "windtunnel-signature": ""}, SECRET, 1000),
        (BODY, {**STAMPED, "windtunnel-signature": "v1=ü"}, SECRET, 1000),
        (BODY, {**STAMPED, "windtunnel-timestamp": "soon"}, SECRET, 1000),
        (BODY, {}, SECRET, 1000),
    ],
)
def test_what_is_forged_or_replayed_is_refused(body: bytes, headers: dict[str, str], secret: str, now: float) -> None:
    assert verify(BODY, STAMPED, SECRET, now=1000) == {"id": "b:1"}
    assert verify(BODY, STAMPED, ["the next one", SECRET], now=1000) == {"id": "b:1"}
    with pytest.raises(WebhookRefused):
        verify(body, headers, secret, now=now)
