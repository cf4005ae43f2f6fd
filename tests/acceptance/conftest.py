"""The browser in which pages are looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.browser import Browser
from tests.support import missing


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        opened = Browser(tmp_path_factory.mktemp("chromium"))
    except FileNotFoundError as error:
        missing(str(error))
    with opened:
        yield opened
