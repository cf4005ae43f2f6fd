"""Which analyser this is: what decides a verdict beyond the program, the policy and strict mode.

May import errors.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from windtunnel.errors import LanguageUnavailable

PACKAGE = Path(__file__).parent


@functools.cache
def _package() -> str:
    """Digest of this package's own files: a release that judges differently has another one."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".toml"):
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@functools.cache
def edition(language: str) -> str:
    """Text that differs wherever the same policy may give the same program another verdict.

    Raises:
        LanguageUnavailable: the language's grammar is not installed.

    """
    python = f"{sys.implementation.name} {sys.version_info[:3]} {sys.getrecursionlimit()}"
    try:
        grammar = () if language == "python" else (version("tree-sitter"), version(f"tree-sitter-{language}"))
    except PackageNotFoundError as error:
        raise LanguageUnavailable(language) from error
    return "\n".join((_package(), python, *grammar))
