"""The client's settings, read from the environment (`WINDTUNNEL_*`). May import contract, address and errors."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from windtunnel.address import DEFAULT_REDIS_URL, check_redis_url
from windtunnel.contract import DEFAULT_CEILING, Limits, Name
from windtunnel.contract.base import found_in
from windtunnel.errors import FieldProblem, InvalidInput

URL_FILE = Path("~/.local/state/windtunnel/redis.url")
"""Where `windtunnel up` writes the URL of its private Redis, password included, for clients of the same user."""


def _local_redis_url() -> SecretStr:
    """The private Redis of this user's `windtunnel up`; the default URL if that never ran."""
    try:
        return SecretStr(URL_FILE.expanduser().read_text().strip())
    except (FileNotFoundError, NotADirectoryError, RuntimeError):  # the last: this user has no home
        return SecretStr(DEFAULT_REDIS_URL)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            [FieldProblem("WINDTUNNEL_REDIS_URL", f"is not set, and {URL_FILE} cannot be read: {error}")],
            remedy="Set the variable, or make the file readable for yourself.",
        ) from error


def _redis_url(url: SecretStr) -> SecretStr:
    check_redis_url(url.get_secret_value())
    return url


def checked_url(url: str) -> str:
    """The same URL; `InvalidInput` says what is wrong with it."""
    try:
        check_redis_url(url)
    except ValueError as error:
        raise InvalidInput([FieldProblem("redis_url", str(error))]) from None
    return url


def _password(file: Path | None) -> str:
    """Read a password from a file; empty without a file."""
    if file is None:
        return ""
    try:
        password = file.expanduser().read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ValueError(f"names a file that cannot be read: {file} ({why})") from error
    if not password:
        raise ValueError(f"names a file that is empty: {file}")
    return password


def _password_file(file: Path | None) -> Path | None:
    _password(file)
    return file


def _with_password(url: str, password: str) -> str:
    """The URL with this password instead of its own."""
    parts = urlsplit(url)
    credentials, _, place = parts.netloc.rpartition("@")
    user = credentials.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))


def _store_url(url: SecretStr) -> SecretStr:
    place = url.get_secret_value()
    if "://" in place:
        return url
    if not place.strip():
        raise ValueError("is empty; give a folder or a URL like s3://bucket/prefix")
    return SecretStr(str(Path(place).expanduser().absolute()))


def _archive_url(url: SecretStr | None) -> SecretStr | None:
    return None if url is None else _store_url(url)


class Settings(BaseSettings):
    """The client's settings. Secrets are masked in every text form."""

    model_config = SettingsConfigDict(
        env_prefix="WINDTUNNEL_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        allow_inf_nan=False,
    )

    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] = Field(default_factory=_local_redis_url)
    """`redis://`, `rediss://`, `unix://` or `sentinel://`; may carry a password. By default the Redis of
    `windtunnel up`."""
    redis_password_file: Annotated[Path | None, AfterValidator(_password_file)] = None
    """A file with the password of `redis_url`, for example a secret of Docker or Kubernetes."""
    store_url: Annotated[SecretStr, AfterValidator(_store_url), Field(validate_default=True)] = SecretStr(
        "~/.local/share/windtunnel/store"
    )
    """Where the bytes of datasets and artifacts are: a folder, `s3://bucket/prefix`, or any URL that fsspec knows.

    All clients and workers of a deployment must use the same store, and no two deployments may share one."""
    archive_url: Annotated[SecretStr | None, AfterValidator(_archive_url)] = None
    """Where finished reports are kept as Parquet after `retention_s`: a folder, or any URL that fsspec knows. All
    finalize workers of a deployment need it; None: there is no archive."""
    dataset_max_mb: int = Field(4096, ge=1)
    """The largest file that can be added as a dataset, in megabytes."""
    key_prefix: str = Field("wt", pattern=r"^[A-Za-z0-9_-]{1,32}$")
    """Prefix of every record's key. Celery's queues have none: deployments on one Redis need a database each."""
    retention_s: int = Field(7 * 86_400, ge=60)
    """Seconds that the record of a job and its batch are kept after their last change."""
    max_unfinished: int = Field(200_000, ge=1)
    """Unfinished jobs from which on more are refused with `QueueFull`."""
    cache: bool = False
    """A job that equals an earlier or a running one gets that one's result, unless a submission says `cache=False`."""
    owner: Name = "default"
    """Who submits: owners share the slots fairly."""
    ceiling: Limits = DEFAULT_CEILING
    """The highest limits a job may ask for, e.g. `WINDTUNNEL_CEILING__MEMORY_MB=8192`, which leaves the others."""

    @model_validator(mode="before")
    @classmethod
    def _password_from_its_file(cls, values: dict[str, Any]) -> dict[str, Any]:
        file = values.get("redis_password_file")
        try:
            password = _password(Path(file) if file else None)
        except ValueError:
            return values  # the field's own check says it under the variable's name
        if not password:
            return values
        url = values.get("redis_url") or DEFAULT_REDIS_URL
        text = url.get_secret_value() if isinstance(url, SecretStr) else str(url)
        return {**values, "redis_url": _with_password(text, password)}


S = TypeVar("S", bound=Settings)


def load(kind: type[S]) -> S:
    """Read settings of this kind from the environment; `InvalidInput` names the variable that is wrong."""
    try:
        return kind()
    except ValidationError as error:
        problems = [FieldProblem(_variable(kind, place), message) for place, _, message in found_in(error)]
    except SettingsError as error:
        name = str(error).partition('field "')[2].partition('"')[0]
        problems = [FieldProblem(_variable(kind, (name,)), 'must be JSON, for example ["one", "two"]')]
    raise InvalidInput(problems, remedy="Correct the environment variable or unset it.") from None


def _variable(kind: type[Settings], place: tuple[int | str, ...]) -> str:
    """The environment variable that a field was set with."""
    first = str(place[0])
    for field in kind.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices) and first in field.validation_alias.choices:
            names = [str(choice) for choice in field.validation_alias.choices]
            return next((name for name in names if name in os.environ), first)
    return "WINDTUNNEL_" + "__".join(part for part in place if isinstance(part, str)).upper()


@lru_cache(maxsize=1)
def client_settings() -> Settings:
    """The settings of this process's client, read once."""
    return load(Settings)
