"""Settings from the environment: what is read, what is masked, and that an error names the variable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from tests.support import ROOT

from windtunnel.address import DEFAULT_REDIS_URL
from windtunnel.client import Client
from windtunnel.contract import DEFAULT_CEILING
from windtunnel.errors import InvalidInput
from windtunnel.records.failures import masked
from windtunnel.settings import URL_FILE, Settings, load
from windtunnel_worker.settings import HostSettings, host_settings, parse_memory
from windtunnel_worker.variables import without_effect

URL = "redis://app:s3cr3t@redis.example:6379/2"


def test_the_password_shows_in_no_text_form() -> None:
    settings = Settings(redis_url=SecretStr(URL))
    for text in (repr(settings), str(settings), settings.model_dump_json(), f"{settings.redis_url}"):
        assert "s3cr3t" not in text


@pytest.mark.parametrize(
    "url",
    [URL, "redis://:s3cr3t@h/0", "unix://:s3cr3t@/run/redis.sock", "rediss://u:s3cr3t@h:1/0?ssl_cert_reqs=none"],
)
def test_a_masked_url_keeps_all_but_the_password(url: str) -> None:
    assert masked(url) == url.replace("s3cr3t", "***")


def test_a_user_without_a_password_is_shown_without_one() -> None:
    assert masked("redis://worker@h/0") == "redis://worker@h/0"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://h/0?ssl_ca_certs=/ca.pem", "ssl_ca_certs, which is for TLS: write rediss:// instead of redis://"),
        ("rediss://h/0?ssl_ca_cert=/ca.pem", "an unknown option, ssl_ca_cert; rediss:// takes password, ssl_ca_certs"),
        ("redis://h/0?socket_timeout=1", "an unknown option, socket_timeout"),
        ("sentinel://h/0?master=a&ssl_ca_certs=/ca.pem", "an unknown option, ssl_ca_certs; sentinel:// takes master"),
        ("redis://:s3cr3t#/?@h/0", "; write / as %2F, # as %23 and ? as %3F in a password"),
        ("redis://h/name", "must end with the number of a database, like /0"),
        ("rediss://h/0?ssl_cert_reqs=maybe", "a wrong ssl_cert_reqs; it is one of none, optional, required"),
        ("rediss://h/0?ssl_ca_certs=/none.pem", "a file that cannot be read: ssl_ca_certs=/none.pem"),
        (f"rediss://h/0?ssl_ca_certs={__file__}", "a file without certificates: ssl_ca_certs="),
        (
            f"rediss://h/0?ssl_certfile={__file__}",
            "a certificate and a key that cannot be used together: ssl_certfile=",
        ),
    ],
)
def test_each_mistake_in_a_redis_url_is_told(setenv: pytest.MonkeyPatch, url: str, said: str) -> None:
    setenv.setenv("WINDTUNNEL_REDIS_URL", url)
    with pytest.raises(InvalidInput, match=re.escape(said)):
        load(Settings)
    with pytest.raises(InvalidInput, match=re.escape(said)) as refused:
        Client(url)
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("url", ["unix:///run/redis.sock?password=s3cr3t", "redis://h/0?password=s3cr3t"])
def test_a_password_in_the_query_is_masked_too(url: str) -> None:
    assert "s3cr3t" not in masked(url)


def test_a_store_is_a_folder_or_a_url_whose_secrets_are_masked(setenv: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setenv.delenv("WINDTUNNEL_STORE_URL")
    setenv.setenv("HOME", str(tmp_path))
    assert load(Settings).store_url.get_secret_value() == f"{tmp_path}/.local/share/windtunnel/store"
    setenv.setenv("WINDTUNNEL_STORE_URL", "s3://key:s3cr3t@bucket/prefix")
    assert load(Settings).store_url.get_secret_value() == "s3://key:s3cr3t@bucket/prefix"
    assert "s3cr3t" not in repr(load(Settings))


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(Settings(), "key_prefix", "x")  # noqa: B010 - the type checker knows it is frozen


def test_a_variable_that_is_no_setting_is_named() -> None:
    names = ["WINDTUNNEL_REDIS_ULR", "WINDTUNNEL_CEILING__TIMEOUT", "WINDTUNNEL_NONSENSE", "WINDTUNNEL_HOST", "HOME"]
    assert without_effect([*names, "SANDBOX_DEFAULT_IMAGE", "SANDBOX_DEFAULT_MEMORY"]) == [
        "SANDBOX_DEFAULT_MEMORY (did you mean SANDBOX_DEFAULT_MEMORY_LIMIT?)",
        "WINDTUNNEL_CEILING__TIMEOUT (did you mean WINDTUNNEL_CEILING__TIMEOUT_S?)",
        "WINDTUNNEL_NONSENSE",
        "WINDTUNNEL_REDIS_ULR (did you mean WINDTUNNEL_REDIS_URL?)",
    ]


SHORTENED = {"WINDTUNNEL_CEILING", "WINDTUNNEL_REDIS_PASSWORD"}
"""Beginnings of names, as in `WINDTUNNEL_CEILING__…`."""


def test_every_variable_that_the_documentation_and_the_deployment_name_is_known() -> None:
    files = [ROOT / "docker-compose.yml", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").rglob("*.*")]
    text = "\n".join(file.read_text() for file in files if file.is_file())
    assert without_effect(set(re.findall(r"WINDTUNNEL_[A-Z0-9_]+[A-Z0-9]", text)) - SHORTENED) == []


def test_nested_and_plain_variables_are_read(setenv: pytest.MonkeyPatch) -> None:
    setenv.setenv("WINDTUNNEL_REDIS_URL", URL)
    setenv.setenv("WINDTUNNEL_MAX_UNFINISHED", "7")
    settings = load(Settings)
    assert settings.redis_url.get_secret_value() == URL
    assert settings.max_unfinished == 7


@pytest.mark.parametrize("kind", [Settings, HostSettings])
def test_setting_one_limit_of_the_ceiling_leaves_the_others(setenv: pytest.MonkeyPatch, kind: type[Settings]) -> None:
    setenv.setenv("WINDTUNNEL_CEILING__MEMORY_MB", "8192")
    assert load(kind).ceiling.model_dump() == {**DEFAULT_CEILING.model_dump(), "memory_mb": 8192}


def test_without_a_url_the_private_redis_of_the_same_user_is_used(setenv: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setenv.delenv("WINDTUNNEL_REDIS_URL", raising=False)
    setenv.setenv("HOME", str(tmp_path))
    assert load(Settings).redis_url.get_secret_value() == DEFAULT_REDIS_URL
    file = URL_FILE.expanduser()
    file.parent.mkdir(parents=True)
    file.write_text(URL + "\n")
    assert load(Settings).redis_url.get_secret_value() == URL
    setenv.setenv("WINDTUNNEL_REDIS_URL", "redis://other/0")
    assert load(Settings).redis_url.get_secret_value() == "redis://other/0"


def test_a_url_file_that_cannot_be_read_is_told(setenv: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setenv.setenv("HOME", str(tmp_path))
    URL_FILE.expanduser().mkdir(parents=True)
    with pytest.raises(InvalidInput, match="WINDTUNNEL_REDIS_URL"):
        load(Settings)


def test_allowed_images_are_read(setenv: pytest.MonkeyPatch) -> None:
    setenv.setenv("WINDTUNNEL_ALLOWED_IMAGES", '["team/a:1", "team/b:2"]')
    assert load(HostSettings).allowed_images == ("team/a:1", "team/b:2")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WINDTUNNEL_RETENTION_S", "soon"),
        ("WINDTUNNEL_MAX_UNFINISHED", "0"),
        ("WINDTUNNEL_KEY_PREFIX", "a:b"),
        ("WINDTUNNEL_CEILING__MEMORY_MB", "1"),
        ("WINDTUNNEL_CEILING", "{no json"),
        ("WINDTUNNEL_HOST", "two words"),
        ("WINDTUNNEL_STORE_URL", " "),
        ("WINDTUNNEL_DATASET_CACHE_MB", "0"),
        ("WINDTUNNEL_LEASE_S", "1"),
        ("WINDTUNNEL_SAMPLE_INTERVAL_S", "inf"),
        ("WINDTUNNEL_LEASE_S", "3601"),
        ("WINDTUNNEL_MAX_ATTEMPTS", "0"),
        ("WINDTUNNEL_POOLS", "[]"),
        ("WINDTUNNEL_POOLS", '["two words"]'),
        ("WINDTUNNEL_GPUS", "2"),
        ("WINDTUNNEL_ALLOWED_IMAGES", "team/a:1,team/b:2 [no json"),
        ("WINDTUNNEL_ALLOWED_IMAGES", '["two words"]'),
        ("WINDTUNNEL_LANGUAGE_IMAGES", "team/sandbox:{lang}"),
        ("WINDTUNNEL_LANGUAGE_IMAGES", "team/sandbox:{"),
        ("SANDBOX_DEFAULT_IMAGE", ""),
        ("WINDTUNNEL_DATA_DIR", ""),
        ("SANDBOX_DEFAULT_TIMEOUT", "-1"),
        ("SANDBOX_DEFAULT_CPU_LIMIT", "many"),
        ("SANDBOX_DEFAULT_MEMORY_LIMIT", "huge"),
        ("SANDBOX_DEFAULT_MEMORY_LIMIT", "1m"),
        ("WINDTUNNEL_DEFAULT_MEMORY_MB", "huge"),
    ],
)
def test_an_error_names_the_variable(setenv: pytest.MonkeyPatch, variable: str, value: str) -> None:
    setenv.setenv(variable, value)
    with pytest.raises(InvalidInput) as caught:
        load(HostSettings)
    assert [problem.field for problem in caught.value.problems] == [variable]
    assert "environment" in str(caught.value)
    assert "tuple" not in str(caught.value).lower()


def test_a_folder_may_be_below_the_home_or_the_current_one(setenv: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setenv.setenv("HOME", str(tmp_path))
    setenv.chdir(tmp_path)
    setenv.setenv("WINDTUNNEL_DATA_DIR", "~/data")
    setenv.setenv("WINDTUNNEL_LOCK_DIR", "locks")
    setenv.setenv("WINDTUNNEL_POLICIES", "~")
    settings = load(HostSettings)
    assert (settings.data_dir, settings.lock_dir) == (tmp_path / "data", tmp_path / "locks")
    assert settings.policies == tmp_path


def test_the_sandbox_defaults_are_read(setenv: pytest.MonkeyPatch) -> None:
    setenv.setenv("SANDBOX_DEFAULT_IMAGE", "team/image:1")
    setenv.setenv("SANDBOX_DEFAULT_TIMEOUT", "12")
    setenv.setenv("SANDBOX_DEFAULT_CPU_LIMIT", "0.5")
    setenv.setenv("SANDBOX_DEFAULT_MEMORY_LIMIT", "1g")
    settings = host_settings()
    assert settings.default_image == "team/image:1"
    assert (settings.default_timeout_s, settings.default_cpus) == (12.0, 0.5)
    assert settings.default_memory_mb == 1024


@pytest.mark.parametrize(("size", "megabytes"), [("1024", 1024), ("2g", 2048), (str(2**30), 1024)])
def test_a_bare_number_of_megabytes_is_one(setenv: pytest.MonkeyPatch, size: str, megabytes: int) -> None:
    setenv.setenv("WINDTUNNEL_DEFAULT_MEMORY_MB", size)
    assert load(HostSettings).default_memory_mb == megabytes


def test_the_sandbox_defaults_without_any_variable(setenv: pytest.MonkeyPatch) -> None:
    setenv.delenv("SANDBOX_DEFAULT_IMAGE", raising=False)
    settings = load(HostSettings)
    assert settings.default_image == "windtunnel/sandbox:python"
    assert (settings.default_timeout_s, settings.default_cpus) == (30.0, 1.0)
    assert settings.default_memory_mb == 512


@pytest.mark.parametrize(
    ("text", "megabytes"),
    [
        ("512m", 512),
        ("512M", 512),
        ("512mb", 512),
        ("1g", 1024),
        ("1.5g", 1536),
        ("524288k", 512),
        ("536870912", 512),
        ("536870912b", 512),
        (" 64m ", 64),
        (256, 256),
    ],
)
def test_memory_in_dockers_spelling(text: str | int, megabytes: int) -> None:
    assert parse_memory(text) == megabytes


@pytest.mark.parametrize("text", ["", "m", "-1m", "1t", "1 2m", "nan", None])
def test_memory_that_is_no_size(text: Any) -> None:
    with pytest.raises(ValueError, match="512m"):
        parse_memory(text)


def test_the_page_about_settings_has_each_of_them() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    variables = {f"WINDTUNNEL_{field.upper()}" for field in HostSettings.model_fields}
    documented = set(re.findall(r"`(WINDTUNNEL_[A-Z_]*?)(?:__[A-Z_]+)?`", page))
    assert documented == variables
