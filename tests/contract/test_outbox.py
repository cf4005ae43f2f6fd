"""The outbox of webhooks: written with the end itself, handed out with a lease, fair to hosts, and bounded."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from tests.contract.driver import Driver

from windtunnel.client import Client
from windtunnel.contract import Webhook
from windtunnel.errors import InvalidInput
from windtunnel.records.outbox import Hook

URL = "https://hooks.example.com/ended?x=1"


def due(driver: Driver, most: int = 100) -> list[Hook]:
    return driver.records.outbox.take(most, lease_s=30)


def test_a_batch_that_ends_is_told_once(driver: Driver) -> None:
    batch = driver.ready(3, webhook=Webhook(url=URL), name="mine")
    driver.run_all()
    driver.ready(2)
    driver.run_all()
    (hook,) = due(driver)
    body = json.loads(hook.body)
    assert body.pop("at_ms") > 0
    assert body == {
        "id": f"{batch}:1",
        "kind": "batch_finished",
        "batch_id": batch,
        "name": "mine",
        "total": 3,
        "finished": 3,
        "outcomes": {"succeeded": 3},
    }
    assert (hook.event, hook.url, hook.attempt) == (f"{batch}:1", URL, 1)
    assert due(driver) == []
    driver.records.outbox.delivered(hook)
    assert driver.keys.keys("wt:hook:*") == []
    assert driver.records.outbox.waiting() == 0


def test_each_job_is_told_where_that_is_asked_for(driver: Driver) -> None:
    batch = driver.ready(2, webhook=Webhook(url=URL, each="job"))
    driver.run_all()
    told = [json.loads(hook.body) for _ in range(2) for hook in due(driver)]
    assert [one["kind"] for one in told] == ["job_finished", "job_finished", "batch_finished"]
    assert [(one["job_id"], one["outcome"]) for one in told[:2]] == [(f"{batch}-{at}", "succeeded") for at in range(2)]


def test_a_batch_that_ends_again_after_a_retry_is_told_again(driver: Driver) -> None:
    batch = driver.ready(1, webhook=Webhook(url=URL))
    driver.run_all()
    driver.records.submissions.retry(driver.records.reports.report(f"{batch}-0"), "client")
    driver.run_all()
    assert [hook.event for hook in due(driver)] == [f"{batch}:1", f"{batch}:2"]


def test_one_host_gets_two_at_a_time_and_does_not_hold_up_another(driver: Driver) -> None:
    for host, jobs in (("slow", 300), ("quick", 1)):
        driver.ready(jobs, webhook=Webhook(url=f"https://{host}.example.com/", each="job"))
        driver.run_all()
    first, second = ([hook.url[8] for hook in due(driver, most=2)] for _ in range(2))
    assert (first, second) == (["s", "s"], ["q", "q"])
    assert driver.records.outbox.waiting() == 303


def test_a_deliverer_that_dies_is_made_up_for(driver: Driver) -> None:
    driver.ready(1, webhook=Webhook(url=URL))
    driver.run_all()
    (first,) = due(driver)
    driver.records.outbox.later(first, -1)
    (second,) = due(driver)
    assert (second.event, second.body, second.attempt) == (first.event, first.body, 2)


def test_a_pause_is_by_the_clock_of_redis(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.ready(1, webhook=Webhook(url=URL))
    driver.run_all()
    (hook,) = due(driver)
    monkeypatch.setattr("windtunnel.records.outbox.time", SimpleNamespace(time=lambda: 0.0))
    driver.records.outbox.later(hook, 600)
    assert due(driver) == []


def test_a_host_that_asks_for_a_pause_gets_nothing_meanwhile(driver: Driver) -> None:
    for host, jobs in (("busy", 5), ("other", 1)):
        driver.ready(jobs, webhook=Webhook(url=f"https://{host}.example.com/", each="job"))
        driver.run_all()
    (hook,) = due(driver, most=1)
    driver.records.outbox.later(hook, 600, others=True)
    assert {hook.url for _ in range(5) for hook in due(driver)} == {"https://other.example.com/"}
    assert driver.records.outbox.waiting() == 8


def test_what_is_given_up_is_among_the_dead_letters(driver: Driver) -> None:
    driver.ready(1, webhook=Webhook(url=URL))
    driver.run_all()
    (hook,) = due(driver)
    driver.records.outbox.give_up(hook, "answered 500")
    (letter,) = driver.records.care.dead_letters()
    assert (letter.queue, letter.reason) == ("webhook", "to https://hooks.example.com/ended: answered 500")
    assert json.loads(letter.body)["kind"] == "batch_finished"
    assert driver.records.outbox.waiting() == 0
    assert due(driver) == []


def test_what_was_given_up_can_be_sent_again_with_all_its_attempts(driver: Driver) -> None:
    for number in (1, 2):
        driver.ready(1, webhook=Webhook(url=f"https://{number}.example.com"))
        driver.run_all()
    given_up = due(driver)
    for hook in given_up:
        driver.records.outbox.give_up(hook, "answered 500")
    driver.records.care.set_aside("execute", "no list", b"x")
    driver.keys.delete(f"wt:hook:{given_up[1].event}")  # expired meanwhile
    assert driver.records.outbox.send_again() == 1
    (hook,) = due(driver)
    assert (hook.event, hook.body, hook.attempt) == (given_up[0].event, given_up[0].body, 1)
    assert [letter.event for letter in driver.records.care.dead_letters()] == ["", given_up[1].event]
    counters = driver.records.metrics.read().counters
    assert {name: counters[name] for name in ("webhooks:dead", "unreadable")} == {"webhooks:dead": 2, "unreadable": 1}
    assert driver.records.metrics.read().webhooks == 1


def test_a_webhook_whose_record_was_damaged_leaves_the_outbox(driver: Driver) -> None:
    batch = driver.ready(1, webhook=Webhook(url=URL))
    driver.run_all()
    driver.keys.delete(f"wt:hook:{batch}:1")
    other = driver.ready(1, webhook=Webhook(url=URL))
    driver.run_all()
    driver.keys.delete(f"wt:hook:{other}:1")
    driver.keys.set(f"wt:hook:{other}:1", "?")
    assert due(driver) == []
    assert driver.records.outbox.waiting() == 0


@pytest.mark.parametrize("stored", ["{", '{"url":null}', '{"url":[]}'])
def test_a_batch_whose_webhook_was_damaged_still_ends(driver: Driver, stored: str) -> None:
    batch = driver.ready(1, webhook=Webhook(url=URL))
    driver.keys.hset(f"wt:batch:{batch}", "webhook", stored)
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1}
    assert due(driver) == []


@pytest.mark.parametrize(
    "url",
    ["ftp://a/b", "https://", "nothing", "https://user:secret@a.example.com/", "https://a:0/", "https://a/\r\nX: y"],
)
def test_a_url_that_is_none_is_refused(client: Client, url: str) -> None:
    with pytest.raises(InvalidInput, match=r"webhook\.url"):
        client.submit_batch([{"code": "print(1)"}], webhook=url)
