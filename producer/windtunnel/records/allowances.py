"""What an agent's token may use in a day (UTC), counted in Redis so that no restart resets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from windtunnel.errors import AllowanceSpent, TooManyCalls
from windtunnel.records.codec import figure
from windtunnel.records.connection import Connection


@dataclass(frozen=True)
class Allowance:
    """The most that a token may use in a day, and how many of its batches may be unfinished."""

    jobs: int = 2_000
    slot_seconds: float = 86_400.0
    """A submission reserves its jobs' time limits; what a batch did not use is given back when it is finished."""
    validations: int = 5_000
    open_batches: int = 20


@dataclass(frozen=True)
class Cost:
    """What something costs at most."""

    jobs: int = 0
    slot_seconds: float = 0.0
    validations: int = 0


@dataclass(frozen=True)
class Charge:
    """A submission that is paid for. `digest` stands for its content and its idempotency key."""

    token: str
    day: str
    digest: str
    cost: Cost


class Allowances:
    """Charges tokens. `AllowanceSpent` or `TooManyCalls` where a charge does not fit; nothing is charged then."""

    def __init__(self, connection: Connection, retention_s: int) -> None:
        self._redis, self._retention_s = connection, retention_s

    def validation(self, token: str, allowance: Allowance) -> None:
        """Charge one validation."""
        self._charge(token, allowance, Cost(validations=1), "")

    def submission(self, token: str, allowance: Allowance, cost: Cost, digest: str) -> Charge:
        """Charge a submission. The same one is charged once, however often it is made."""
        return self._charge(token, allowance, cost, digest)

    def opened(self, charge: Charge, batch_id: str) -> None:
        """Say which batch a submission became."""
        arguments = (charge.token, charge.day, charge.digest, batch_id, charge.cost.slot_seconds)
        self._redis.run("open_allowance", *arguments)

    def used(self, token: str) -> Cost:
        """What a token has used today, with what is reserved for its unfinished batches."""
        key = self._redis.keys("allowance", token, _today())
        jobs, seconds, validations = self._redis.call("hmget", key, ["jobs", "seconds", "validations"])
        return Cost(int(figure(jobs) or 0), figure(seconds) or 0.0, int(figure(validations) or 0))

    def _charge(self, token: str, allowance: Allowance, cost: Cost, digest: str) -> Charge:
        day = _today()
        answer, *details = self._redis.run(
            "charge_allowance",
            *(token, day, digest, self._retention_s, allowance.open_batches),
            *(cost.jobs, allowance.jobs),
            *(cost.slot_seconds, allowance.slot_seconds),
            *(cost.validations, allowance.validations),
        )
        if answer == b"open":
            raise TooManyCalls("unfinished batches", allowance.open_batches)
        if answer == b"spent":
            what, used, most = (one.decode() for one in details)
            wanted = {"jobs": cost.jobs, "seconds": cost.slot_seconds, "validations": cost.validations}[what]
            name = {"seconds": "slot-seconds"}.get(what, what)
            raise AllowanceSpent(f"{name} a day", float(used), wanted, float(most))
        return Charge(token, day, digest, cost)


def _today() -> str:
    return f"{datetime.now(UTC):%Y%m%d}"
