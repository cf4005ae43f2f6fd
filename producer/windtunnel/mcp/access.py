"""Identifies callers by the tokens file, as the SDK's token verifier."""

from __future__ import annotations

import hashlib
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.server.auth.provider import AccessToken
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from windtunnel.contract import Name
from windtunnel.contract.base import problems_of
from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel.mcp import EXAMPLE
from windtunnel.records.allowances import Allowance

DEFAULTS = Allowance()


@dataclass(frozen=True)
class Access:
    """A caller. Its allowance is counted under `token`, a name; it sees and creates batches of `owner`."""

    token: str
    owner: str
    allowance: Allowance = DEFAULTS


class _Section(BaseModel):
    """One section of the tokens file."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: str = Field(min_length=32, max_length=512, pattern=r"^[A-Za-z0-9._~+/=-]+$")
    owner: Name | None = None
    jobs_a_day: int = Field(DEFAULTS.jobs, ge=0)
    slot_seconds_a_day: float = Field(DEFAULTS.slot_seconds, ge=0, allow_inf_nan=False)
    validations_a_day: int = Field(DEFAULTS.validations, ge=0)
    open_batches: int = Field(DEFAULTS.open_batches, ge=1, le=1000)

    def access(self, name: str) -> Access:
        allowance = Allowance(self.jobs_a_day, self.slot_seconds_a_day, self.validations_a_day, self.open_batches)
        return Access(name, self.owner or name, allowance)


class Tokens:
    """The tokens of a file. Only their digests are kept in memory."""

    def __init__(self, accesses: Mapping[str, Access]) -> None:
        self._by_digest = dict(accesses)
        self._by_name = {access.token: access for access in accesses.values()}

    @classmethod
    def read(cls, file: Path) -> Tokens:
        """Read a tokens file; `InvalidInput` says what is wrong, without showing a token."""
        sections = _sections(file)
        accesses = {_digest(section.token): section.access(name) for name, section in sections.items()}
        if not sections:
            raise InvalidInput([FieldProblem(str(file), "has no token")], remedy=EXAMPLE)
        if len(accesses) < len(sections):
            raise InvalidInput([FieldProblem(str(file), "has the same token twice")], remedy=EXAMPLE)
        return cls(accesses)

    async def verify_token(self, token: str) -> AccessToken | None:
        """The caller with this token, or None."""
        access = self._by_digest.get(_digest(token))
        return None if access is None else AccessToken(token="", client_id=access.token, scopes=[])

    def named(self, name: str) -> Access:
        """The caller with this name."""
        return self._by_name[name]


def _parsed(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                problem = FieldProblem(str(file), "may be read by other users than you")
                raise InvalidInput([problem], remedy=f"Run `chmod 600 {file}`.")
            return tomllib.load(opened)
    except OSError as error:
        raise InvalidInput([FieldProblem(str(file), f"cannot be read: {error.strerror}")], remedy=EXAMPLE) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput([FieldProblem(str(file), f"is not TOML: {error}")], remedy=EXAMPLE) from None


def _sections(file: Path) -> dict[str, _Section]:
    try:
        return TypeAdapter(dict[Name, _Section]).validate_python(_parsed(file))
    except ValidationError as error:
        problems = [FieldProblem(f"{file}: {one.field}", one.message) for one in problems_of(error, "file")]
        raise InvalidInput(problems, remedy=EXAMPLE) from None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
