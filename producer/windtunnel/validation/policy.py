"""A policy: data read from TOML, checked once, with a digest. May import the contract and errors."""

from __future__ import annotations

import functools
import hashlib
import sys
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from windtunnel.contract import SecurityLevel
from windtunnel.errors import FieldProblem, InvalidInput

SHIPPED = Path(__file__).with_name("policies")
COMMON = SHIPPED / "common-rules.toml"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: how bad it is, its family for people, and what to write instead."""

    id: str
    severity: SecurityLevel
    category: str
    fix: str


@dataclass(frozen=True, eq=False)
class Policy:
    """One language's policy: its raw data, its rules and its digest."""

    name: str
    digest: str
    data: Mapping[str, Any] = field(repr=False)
    rules: Mapping[str, Rule] = field(repr=False)

    @property
    def label(self) -> str:
        """Name and the first twelve digits of the digest, as a verdict carries it."""
        return f"{self.name}@{self.digest[:12]}"

    def bound(self, name: str) -> int:
        """Give one of the bounds."""
        return int(self.data["bounds"][name])


def _rules(raw: Mapping[str, Mapping[str, str]], path: Path) -> dict[str, Rule]:
    rules = {}
    for identifier, entry in raw.items():
        try:
            severity = SecurityLevel[entry["severity"]]
            rules[identifier] = Rule(identifier, severity, entry["category"], entry["fix"])
        except KeyError as error:
            problem = FieldProblem(f"rules.{identifier}", f"lacks or has a wrong {error}")
            raise InvalidInput([problem], remedy=f"Correct {path}.") from error
    return rules


def load_policy(path: Path) -> Policy:
    """Read a policy file and the files that it names. Common rules that it does not state stay as shipped.

    Raises:
        InvalidInput: the file cannot be read, is not TOML or lacks a part; says which.

    """
    try:
        source = path.read_bytes()
        data = tomllib.loads(source.decode("utf-8"))
        beside = b""
        for part, tables in (("surface", ("modules", "aliases")), ("image", ("distributions",))):
            if part in data:
                content = (path.parent / data[part]).read_bytes()
                beside += content + b"\0"
                read = tomllib.loads(content.decode("utf-8"))
                data |= {table: read[table] for table in tables}
        common = COMMON.read_bytes()
        rules = _rules({**tomllib.loads(common.decode("utf-8"))["rules"], **data["rules"]}, path)
        name = str(data["name"])
    except (OSError, ValueError, KeyError) as error:
        problem = FieldProblem("policy", f"{path} cannot be used: {error!r}")
        raise InvalidInput([problem], remedy="Give a complete policy file.") from error
    digest = hashlib.sha256(b"\0".join((source, beside, common))).hexdigest()
    return Policy(name, digest, data, rules)


@functools.cache
def _shipped(language: str) -> Policy:
    return load_policy(SHIPPED / f"{language}.toml")


def policy_for(language: str, folder: Path | None = None) -> Policy:
    """Give the policy of one of `LANGUAGES`: the deployment's own where its folder has one, else the shipped one."""
    own = folder / f"{language}.toml" if folder is not None else None
    return load_policy(own) if own is not None and own.is_file() else _shipped(language)


def with_libraries(policy: Policy, libraries: Collection[str]) -> Policy:
    """Give the policy of an image that holds further libraries: their names are judged by their words.

    What opens the host stays closed, whatever the image holds.
    """
    if not libraries or "imports" not in policy.data:
        return policy
    imports = policy.data["imports"]
    closed = {name for table in ("critical", "closed") for names in imports[table].values() for name in names.split()}
    names = sorted({*imports["open"]["names"].split(), *libraries} - closed)
    data = {**policy.data, "imports": {**imports, "open": {"names": " ".join(names)}}}
    return replace(policy, digest=hashlib.sha256(f"{policy.digest} {names}".encode()).hexdigest(), data=data)


def words(text: str) -> frozenset[str]:
    """Split a list of names written as one string."""
    return frozenset(text.split())


STANDARD_MODULES = frozenset(sys.stdlib_module_names)
