"""Flower behind the shipped block for nginx (Debian: nginx-light), under a prefix: `make observability-test`."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from tests.support import PATIENCE_S, ROOT, Role, free_port, missing, unique, until

BLOCK = (ROOT / "deploy/nginx/flower.conf").read_text()
LOGIN = "operator:a-password"
SETTINGS = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    server {{ listen 127.0.0.1:{port}; {block} }}
}}
"""
Answer = tuple[int, str]
Ask = Callable[..., Answer]
pytestmark = pytest.mark.observability


def answer(url: str, login: str = "") -> Answer:
    """Status and body."""
    request = urllib.request.Request(url)
    if login:
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as found:
            return found.status, found.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


@pytest.fixture(scope="module")
def flower(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Flower under the prefix, with a login."""
    port = free_port()
    log = tmp_path_factory.mktemp("flower") / "log"
    variables = {"FLOWER_URL_PREFIX": "flower", "FLOWER_BASIC_AUTH": LOGIN}
    with Role("flower", redis_url, unique("nginx"), log, "--port", str(port), **variables):
        until(lambda: answers(f"http://127.0.0.1:{port}/flower/healthcheck"), "Flower answers")
        yield port


@pytest.fixture(scope="module")
def ask(flower: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Ask nginx for a path."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    program = shutil.which("nginx", path=path) or missing("there is no nginx on this machine")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    block = re.sub("^#.*", "", BLOCK, flags=re.MULTILINE).replace("127.0.0.1:5555", f"127.0.0.1:{flower}")
    (folder / "nginx.conf").write_text(SETTINGS.format(folder=folder, port=port, block=block))
    with subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"]) as process:
        try:
            until(lambda: answers(f"http://127.0.0.1:{port}/flower/"), "nginx answers")
            yield lambda path, login=LOGIN: answer(f"http://127.0.0.1:{port}{path}", login)
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        answer(url)
    except OSError:
        return False
    return True


def test_pages_and_all_that_they_load_are_under_the_prefix(ask: Ask) -> None:
    for path in ("/flower", "/flower/", "/flower/workers", "/flower/tasks", "/flower/broker"):
        status, page = ask(path)
        assert status == 200, path
        links = set(re.findall(r"""(?:src|href)="(/[^"#]*)""", page))
        assert [link for link in links if not re.match(r"/flower(/|$)", link)] == []
        loaded = [link for link in links if "/static/" in link]
        assert len(loaded) > 3
        assert {link: ask(link)[0] for link in loaded} == dict.fromkeys(loaded, 200)


def test_nobody_sees_a_page_or_the_api_without_the_login(ask: Ask) -> None:
    for path in ("/flower/", "/flower/tasks", "/flower/broker", "/flower/api/workers", "/flower/api/tasks"):
        assert (ask(path, "")[0], ask(path, "operator:guess")[0]) == (401, 401), path
    assert ask("/flower/api/tasks")[0] == 200


def test_metrics_and_health_are_there_for_this_host_only(ask: Ask, flower: int) -> None:
    for page in ("metrics", "healthcheck"):
        assert answer(f"http://127.0.0.1:{flower}/flower/{page}")[0] == 200
        assert ask(f"/flower/{page}")[0] == 404
