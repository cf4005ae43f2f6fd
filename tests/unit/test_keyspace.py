"""Key names, and that the page that documents them is complete."""

from __future__ import annotations

import re

from windtunnel import keyspace
from windtunnel.keyspace import Keyspace, batch_of, job_id


def test_a_job_id_holds_its_batch() -> None:
    assert batch_of(job_id("0123abcd", 17)) == "0123abcd"


def test_the_table_names_the_keys_that_are_built() -> None:
    keys = Keyspace("<p>")
    built = {
        keys.job("<job>"),
        keys.attempts("<job>"),
        keys.samples("<job>", 0).removesuffix("0") + "<n>",
        keys.batch("<batch>"),
        keys.events("<batch>"),
        keys.code("<sha256>"),
        keys.verdict("<sha256>:<lang>", "<policy>"),
        keys.host("<host>"),
    }
    assert built <= set(re.findall(r"`(<p>:\S+?)`", keyspace.__doc__ or ""))


def test_two_prefixes_share_no_key() -> None:
    one, other = Keyspace("one"), Keyspace("other")
    assert {one.job("j"), one("open")}.isdisjoint({other.job("j"), other("open")})
