"""Records that somebody removed or damaged: their batch still ends, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.contract.driver import HERE, Driver
from tests.support import a_report, a_verdict, an_attempt

from windtunnel.contract import Isolation, Outcome
from windtunnel.errors import NotFound
from windtunnel.keyspace import MAX_ATTEMPTS_KEPT, batch_of
from windtunnel.records.schedule import VALIDATE, Claimed

PLACES = ("queued", "judged", "ready", "paused", "running", "of a silent worker", "ended", "taken")
FIELDS = ("spec", "program", "place", "state", "policy", "attempt", "token", "history", "round", "begun", "stop")


class Scene:
    """A job in some place, with a neighbour in its batch and one in another, that then goes on to its end."""

    def __init__(self, driver: Driver, place: str) -> None:
        self.driver, self.place = driver, place
        self.batch = driver.submit(2, isolation=Isolation.CELL)
        self.other = driver.submit(2)
        self.job = f"{self.batch}-0"
        self._go: Callable[[], object] = lambda: None
        driver.host("there")
        if place == "judged":
            claimed = driver.claimed(queue=VALIDATE, most=2)
            assert isinstance(claimed, Claimed)
            self._go = lambda: driver.records.schedule.judged(claimed, HERE, "strict@1", a_verdict())
        elif place != "queued":
            driver.judge()
        if place in ("paused", "running", "of a silent worker", "ended", "taken"):
            (held,) = driver.claim()
            assert held.job_id == self.job
            if place == "paused":
                driver.records.schedule.try_again(HERE, held, an_attempt(), 1000, 3)
            elif place == "running":
                self._go = lambda: driver.executed(held)
            elif place == "of a silent worker":
                driver.expire()
            else:
                driver.executed(held)
        if place == "taken":
            (taken,) = driver.records.reports.take(10)
            self._go = lambda: driver.records.reports.finish([(taken, a_report(self.job))], "f")

    def goes_on(self) -> None:
        """All that is left happens, twice over."""
        self._go()
        for session in ("there:1:a", HERE, "there:2:a"):
            self.driver.reconcile()
            self.driver.end_pauses()
            self.driver.run_all(session)
            self.finalize_what_is_odd()

    def finalize_what_is_odd(self) -> None:
        for job in self.driver.keys.zrange("wt:ended", 0, -1):
            self.driver.keys.zadd("wt:ended", {job: 0})
        for taken in self.driver.records.reports.take(10):
            self.driver.records.reports.finish([(taken, a_report(taken.job_id))], "f")


@pytest.fixture(params=PLACES)
def scene(request: pytest.FixtureRequest, driver: Driver) -> Scene:
    return Scene(driver, request.param)


def test_a_job_record_that_was_removed(scene: Scene) -> None:
    driver = scene.driver
    driver.keys.delete(f"wt:job:{scene.job}")
    scene.goes_on()
    for batch in (scene.batch, scene.other):
        assert driver.records.reading.batch_status(batch).done
    assert driver.outcomes(scene.other) == {"succeeded": 2}
    assert driver.outcomes(scene.batch)["succeeded"] >= 1
    assert driver.unfinished() == 0
    assert driver.left_in_the_schedule() == []


def test_a_batch_record_that_was_removed(scene: Scene) -> None:
    driver = scene.driver
    driver.keys.delete(f"wt:batch:{scene.batch}")
    scene.goes_on()
    assert driver.outcomes(scene.other) == {"succeeded": 2}
    assert driver.unfinished() == 0
    assert driver.left_in_the_schedule() == []
    assert [key for key in driver.keys.scan_iter("wt:*") if scene.batch in key and driver.keys.ttl(key) < 0] == []
    with pytest.raises(NotFound):
        driver.records.reading.batch_status(scene.batch)


@pytest.mark.parametrize("value", ["x", "nan", "inf", "-1", "100001"])
@pytest.mark.parametrize(
    "field",
    ["owner", "total", "finished", "written", "running", "max_running", "seconds", "measured", "begun", "spent"],
)
def test_a_batch_record_that_was_damaged(driver: Driver, field: str, value: str) -> None:
    scene = Scene(driver, "running")
    driver.keys.hset(f"wt:batch:{scene.batch}", mapping={"measured": 1, field: value})
    if field == "owner":
        driver.keys.hdel(f"wt:batch:{scene.batch}", field)
    scene.goes_on()
    assert driver.outcomes(scene.batch) == {"succeeded": 2}
    assert driver.records.reading.batch_status(scene.batch).done
    assert driver.outcomes(scene.other) == {"succeeded": 2}
    assert driver.unfinished() == 0
    assert driver.left_in_the_schedule() == []


@pytest.mark.parametrize(("total", "lost"), [(1, {}), (5, {"lost": 2})])
def test_a_batch_ends_also_where_its_number_of_jobs_was_changed(
    driver: Driver, total: int, lost: dict[str, int]
) -> None:
    batch = driver.ready(3)
    for _ in range(2):
        driver.executed(driver.claim()[0])
    driver.finalize()
    driver.keys.hset(f"wt:batch:{batch}", "total", total)
    driver.run_all()
    driver.reconcile()
    driver.keys.zadd("wt:opening", {batch: 0}, xx=True)
    for abandoned in driver.reconcile().abandoned:
        driver.records.care.abandon(abandoned, "gone")
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 3, **lost}
    assert driver.records.reading.batch_status(batch).done
    assert driver.left_in_the_schedule() == []


def test_a_batch_of_more_jobs_than_there_can_be_is_none(driver: Driver) -> None:
    opened = driver.opened(driver.batch(2))
    other = driver.submit(2)
    driver.keys.hset(f"wt:batch:{opened.batch_id}", "total", 10**8)
    driver.keys.zadd("wt:opening", {opened.batch_id: 0})
    for batch in driver.reconcile().abandoned:
        driver.records.care.abandon(batch, "gone")
    driver.run_all()
    assert driver.outcomes(other) == {"succeeded": 2}
    assert driver.unfinished() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, value) for field in FIELDS for value in (None, "\x00 x", "9" * 40)),
        *(("state", state) for state in ("ready", "running", "ended", "finished")),
    ],
)
def test_a_field_that_was_damaged(real: Driver, field: str, value: str | None) -> None:
    for place in PLACES:
        real.keys.flushall()
        scene = Scene(real, place)
        job = f"wt:job:{scene.job}"
        if value is None:
            real.keys.hdel(job, field)
        else:
            real.keys.hset(job, field, value)
        scene.goes_on()
        assert real.outcomes(scene.other) == {"succeeded": 2}, place
        assert real.records.reading.batch_status(scene.batch).done, place
        assert real.unfinished() == 0, place
        assert real.left_in_the_schedule() in ([], ["wt:uses"]), place
        real.reconcile()
        assert real.left_in_the_schedule() == [], place


@pytest.mark.parametrize("avoid", ["", "a host", "here"])
def test_a_damaged_host_to_avoid_keeps_a_job_from_none(driver: Driver, avoid: str) -> None:
    batch = driver.ready()
    (held,) = driver.claim()
    driver.keys.hset(f"wt:job:{held.job_id}", "avoid", avoid)
    driver.records.schedule.give_back(HERE, [held])
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1}


def test_a_record_of_another_type_counts_as_removed(scene: Scene) -> None:
    driver = scene.driver
    driver.keys.delete(f"wt:job:{scene.job}")
    driver.keys.set(f"wt:job:{scene.job}", "not a hash")
    scene.goes_on()
    assert driver.records.reading.batch_status(scene.batch).done
    assert driver.outcomes(scene.other) == {"succeeded": 2}
    assert driver.left_in_the_schedule() == []


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize(
    "part",
    "lane:* lanes:* batches:* owners:* classes:* times:* queue:* queues held:* leases running seconds ended open "
    "counters uses hosts metrics batch:*:events".split(),
)
def test_a_part_of_the_schedule_that_was_removed_or_replaced(driver: Driver, part: str, replaced: bool) -> None:
    batch, other = driver.ready(4), driver.ready(2, owner="other")
    (running,), (ended,) = driver.claim(), driver.claim()
    driver.executed(ended)
    for key in driver.keys.keys(f"wt:{part}"):
        driver.keys.delete(key)
        if replaced:
            driver.keys.set(key, "x")
    driver.executed(running)
    for _ in range(3):
        driver.reconcile()
        driver.run_all()
    assert (driver.outcomes(batch), driver.outcomes(other)) == ({"succeeded": 4}, {"succeeded": 2})
    driver.reconcile()
    assert (driver.unfinished(), driver.waiting(), driver.waiting(VALIDATE)) == (0, 0, 0)
    assert driver.left_in_the_schedule() == []


def test_a_lane_that_was_removed_holds_nobody_up(driver: Driver) -> None:
    driver.ready(3)
    (lane,) = driver.keys.keys("wt:lane:*")
    driver.keys.delete(lane)
    other = driver.ready(owner="other")
    assert {batch_of(job) for job in driver.run_all()} == {other}
    assert driver.keys.keys("wt:lanes:*") == []


def test_jobs_that_a_batch_does_not_have_are_passed_over(driver: Driver) -> None:
    batch = driver.ready(4)
    (lane,) = driver.keys.keys("wt:lane:*")
    driver.keys.lpush(lane, "4", "007", "-1", "1.5", "x", "")
    for place in ("wt:ended", "wt:later"):
        driver.keys.zadd(place, {f"{batch}-{index}": 1 for index in ("4", "007", "x")} | {b"\xff": 1})
    for _ in range(2):
        driver.run_all()
        driver.reconcile()
    status = driver.records.reading.batch_status(batch)
    assert (status.finished, status.total, driver.outcomes(batch)) == (4, 4, {"succeeded": 4})
    assert driver.unfinished() == 0
    assert driver.left_in_the_schedule() == []


def test_a_job_that_stands_twice_in_a_lane_is_counted_once(driver: Driver) -> None:
    batch = driver.ready(2)
    (lane,) = driver.keys.keys("wt:lane:*")
    driver.keys.rpush(lane, "0")
    driver.executed(driver.claim()[0])
    driver.finalize()
    driver.records.submissions.close_batch(batch, "me")
    driver.keys.hset(f"wt:batch:{batch}", "closed_at", 0)
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1, "cancelled": 1}
    assert driver.unfinished() == 0
    assert driver.left_in_the_schedule() == []


def test_a_report_waits_for_no_round_of_ids_that_are_none(driver: Driver) -> None:
    batch = driver.ready(1)
    (held,) = driver.claim()
    driver.executed(held)
    driver.keys.zadd("wt:ended", {f"gone{number}-0": 1 for number in range(30)})
    assert [one.job_id for one in driver.records.reports.take(10)] == [f"{batch}-0"]


def test_no_more_is_read_of_a_job_than_is_kept(driver: Driver) -> None:
    batch = driver.ready(1)
    (held,) = driver.claim()
    driver.executed(held)
    driver.keys.rpush(f"wt:job:{batch}-0:attempts", *["{}"] * (MAX_ATTEMPTS_KEPT + 5))
    (taken,) = driver.records.reports.take(10)
    assert len(taken.attempts) == MAX_ATTEMPTS_KEPT


def test_a_verdict_that_expired_is_made_again_before_the_job_runs(driver: Driver) -> None:
    batch = driver.ready(2)
    driver.keys.delete(*driver.keys.keys("wt:verdict:*"))
    assert driver.claim() == []
    assert driver.waiting("validate") >= 1
    driver.run_all()
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 2}


def test_thousands_of_jobs_of_a_batch_that_was_removed_leave_part_by_part(real: Driver) -> None:
    batch = real.ready(2500)
    real.keys.delete(f"wt:batch:{batch}")
    for _ in range(3):
        real.reconcile()
    assert (real.unfinished(), real.waiting()) == (0, 0)
    assert real.keys.keys("wt:job:*") == []
    assert real.left_in_the_schedule() == []


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "nan", "x"])
@pytest.mark.parametrize("key", ["weights", "caps", "running", "seconds"])
def test_a_figure_of_an_owner_that_was_damaged_stops_nobody(driver: Driver, key: str, value: str) -> None:
    driver.ready(2, owner="odd")
    driver.ready(2, owner="other")
    driver.keys.hset(f"wt:{key}", "odd", value)
    assert len(driver.run_all()) == (2 if (key, value) in (("caps", "0"), ("caps", "-1")) else 4)


def test_a_host_that_was_damaged_hides_no_other(driver: Driver) -> None:
    driver.host("there")
    driver.keys.zadd("wt:hosts", {"odd": float("inf"), b"\xff": -1})
    driver.keys.hset("wt:host:odd", mapping={"slots": "x", "paused_until": "nan", "pools": b"\xff", b"\xff": "x"})
    driver.keys.sadd("wt:host:odd:has", b"\xff")
    assert {host.host for host in driver.records.hosts.all()} >= {"there", "odd"}


@pytest.mark.parametrize("part", ["hosts", "host:here", "host:here:has"])
def test_a_host_whose_record_was_removed_or_replaced_says_it_all_again(driver: Driver, part: str) -> None:
    for value in (None, "x"):
        driver.host("here")
        assert driver.records.hosts.alive("here", "execute")
        driver.keys.delete(f"wt:{part}")
        if value:
            driver.keys.set(f"wt:{part}", value)
        assert not driver.records.hosts.alive("here", "execute")


def test_the_slots_of_a_worker_that_has_gone_are_not_its_hosts_any_more(driver: Driver) -> None:
    hosts = driver.records.hosts
    for worker in ("execute", "execute.2"):
        hosts.seen("here", 2, "1", ["default"], ["*"], worker=worker)
    assert hosts.all()[0].slots == 4
    driver.keys.zadd("wt:host:here:workers", {"execute.2": 0})
    assert not hosts.alive("here", "execute")
    hosts.seen("here", 2, "1", ["default"], ["*"], worker="execute")
    assert hosts.alive("here", "execute")
    assert hosts.all()[0].slots == 2


def test_what_is_no_event_is_passed_over(driver: Driver) -> None:
    batch = driver.ready(2)
    stream = f"wt:batch:{batch}:events"
    for fields in ({"kind": "finished"}, {"kind": "x", "finished": "1"}, {b"\xff": b"\xff"}):
        driver.keys.xadd(stream, fields)
    assert driver.records.reading.events({batch: "0"}, 0.001) == []
    driver.run_all()
    kinds = [event.kind.value for event in driver.records.reading.events({batch: "0"}, 0.001)]
    assert kinds == ["finished", "finished", "batch_finished"]


def test_a_stream_of_events_that_takes_no_more_begins_anew(driver: Driver) -> None:
    batch = driver.ready()
    events = f"wt:batch:{batch}:events"
    last = f"{2**64 - 1}-{2**64 - 1}"
    driver.keys.xadd(events, {"kind": "x"}, id=last)
    driver.run_all()
    driver.keys.xadd(events, {"kind": "x"}, id=last)
    assert driver.records.submissions.retry(a_report(f"{batch}-0", Outcome.SUCCEEDED, None, 1), "me")
    driver.run_all()
    kinds = [event.kind.value for event in driver.records.reading.events({batch: "0"}, 0.001)]
    assert kinds == ["retried", "finished", "batch_finished"]


def test_names_that_are_no_text_are_passed_over(real: Driver) -> None:
    batch = real.ready()
    real.keys.sadd("wt:queues", b"\xff", "", "execute.", "a queue")
    real.keys.zadd("wt:owners:execute.default:5", {b"\xff": 0})
    assert real.records.listing.stats().ready == 1
    real.reconcile()
    real.run_all()
    assert real.outcomes(batch) == {"succeeded": 1}


def test_an_id_that_is_none_is_passed_over(driver: Driver) -> None:
    batch = driver.ready()
    for queue in ("wt:ended", "wt:later"):
        driver.keys.zadd(queue, {"garbage": 0})
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1}
    assert driver.left_in_the_schedule() == []


@pytest.mark.parametrize("value", ["x", *("9" * digits for digits in (15, 20, 30))])
def test_a_batch_whose_time_no_calendar_has_is_said_to_be_damaged(driver: Driver, value: str) -> None:
    batch = driver.ready()
    driver.keys.hset(f"wt:batch:{batch}", "submitted_at", value)
    with pytest.raises(NotFound, match="damaged"):
        driver.records.reading.batch_status(batch)
    assert driver.records.metrics.read().waiting[0].oldest_s == 0
