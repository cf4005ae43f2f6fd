"""Finds environment variables that look like settings but are not, such as a misspelt one; they have no effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pydantic import AliasChoices, BaseModel

from windtunnel_worker.settings import HostSettings

PREFIX = "WINDTUNNEL_"
PREFIXES = (PREFIX, "SANDBOX_DEFAULT_")
"""Of the settings."""
DEPLOYMENT = frozenset(
    f"{PREFIX}{name}"
    for name in (
        *("ALIVE_FD", "BASE", "COLLECTOR_IMAGE", "CONTEXT", "DEBIAN_MIRROR", "DOCKERD_OPTIONS", "DOCKER_SOCKET"),
        *("EXECUTE_MEMORY", "FLOWER_LOGIN", "FLOWER_PORT", "FLOWER_PREFIX", "FUZZ_EXAMPLES", "GRAFANA_IMAGE"),
        *("GRAFANA_PORT", "PROMETHEUS_IMAGE", "PROMETHEUS_PORT", "PULL_TIMEOUT", "REDIS_IMAGE", "REDIS_MEMORY"),
        *("REDIS_MAXMEMORY", "REDIS_PORT", "SECRETS_DIR", "SETTINGS", "STATE_DIR", "STORE_DIR"),
    )
)
"""Variables of `docker-compose.yml`, the scripts in `deploy` and the tests, which may be set in the same shell."""
REDIS_USERS = f"{PREFIX}REDIS_PASSWORD_"
"""Of `deploy/redis/start.sh`: one variable a user."""


def without_effect(names: Iterable[str]) -> list[str]:
    """Of these variables, those that look like settings but are not, each with the setting that may be meant."""
    known = {name.removeprefix(PREFIX): name for name in _settings()}
    found = []
    for name in sorted(names):
        if not name.startswith(PREFIXES) or name in {*known.values(), *DEPLOYMENT} or name.startswith(REDIS_USERS):
            continue
        meant = get_close_matches(name.removeprefix(PREFIX), known, n=1, cutoff=0.7)
        found.append(f"{name} (did you mean {known[meant[0]]}?)" if meant else name)
    return found


def _settings() -> Iterator[str]:
    for name, field in HostSettings.model_fields.items():
        if isinstance(field.validation_alias, AliasChoices):
            yield from map(str, field.validation_alias.choices)
            continue
        variable = f"{PREFIX}{name.upper()}"
        yield variable
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from (f"{variable}__{part.upper()}" for part in field.annotation.model_fields)
