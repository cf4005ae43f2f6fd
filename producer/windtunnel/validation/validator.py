"""`SecurityValidator`: one program's text in, one verdict out. Never raises for what a program contains.

It raises `LanguageUnavailable` where the grammar of the program's language is not installed, and `InvalidInput` for
code that is not text.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from windtunnel.contract import LANGUAGES, SecurityLevel, Verdict
from windtunnel.errors import FieldProblem, InvalidInput, LanguageUnavailable
from windtunnel.validation import bounds, characters, decoding, python, report
from windtunnel.validation.budget import TooLong
from windtunnel.validation.edition import edition
from windtunnel.validation.findings import Findings
from windtunnel.validation.policy import Policy, policy_for, with_libraries


class SecurityValidator:
    """Judges programs before they may take a sandbox. A filter in front of it, not the wall.

    Args:
        strict_mode: reject HIGH and above; otherwise only CRITICAL.
        policies: a folder with policy files of the deployment's own; for a language it lacks the
            shipped one stays. Each is read once, when it is first needed.

    """

    def __init__(self, strict_mode: bool = True, *, policies: Path | None = None) -> None:
        self.strict_mode = strict_mode
        self._folder = policies
        self._policies: dict[tuple[str, frozenset[str]], Policy] = {}
        self._ids: dict[str, str] = {}

    def policy_id(self, language: str = "python", libraries: Collection[str] = ()) -> str:
        """Hex digest of all that decides a verdict beyond the program: policy, libraries, analyser and strict mode.

        The same text in the same language under the same id has the same verdict, but for the time it took.
        """
        known = language if language in LANGUAGES else "python"
        parts = "\n".join((self._policy(known, libraries).digest, edition(known), str(self.strict_mode)))
        if parts not in self._ids:
            self._ids[parts] = hashlib.sha256(parts.encode()).hexdigest()[:32]
        return self._ids[parts]

    def validate_code(self, code: str, language: str = "python", libraries: Collection[str] = ()) -> Verdict:
        """Judge a program. The text is exactly what will run, so that one with a byte-order mark is refused.

        `libraries`: the top-level modules that the job's image holds beyond those of the shipped one.
        """
        return self._validate(code, None, language, libraries)

    def validate_bytes(self, code: bytes, language: str = "python") -> Verdict:
        """Judge a file by its bytes: they must be UTF-8, and a coding line may say nothing else.

        A byte-order mark before the program is dropped, as by whoever reads the file to run it.
        """
        text, problem = decoding.decode(code[: decoding.MOST_DECODED], cookie=language == "python")
        return self._validate(text, problem, language)

    def format_report(self, verdict: Verdict) -> str:
        """Give a verdict as text for people."""
        return report.format_report(verdict)

    def format_prompt(self, verdict: Verdict) -> str:
        """Give a verdict as text for the model that wrote the program."""
        return report.format_prompt(verdict)

    def _validate(self, text: str, encoding: str | None, language: str, libraries: Collection[str] = ()) -> Verdict:
        started = time.perf_counter()
        for name, value in (("code", text), ("language", language)):
            if not isinstance(value, str):
                raise InvalidInput([FieldProblem(name, f"is of type {type(value).__name__}; give a text")])
        if language not in LANGUAGES:
            return self._refused(language, started)
        policy = self._policy(language, libraries)
        try:
            findings, imports = _judge(text, encoding, language, policy)
        except RecursionError:
            # How deep the caller's stack is must not decide how deep a program may nest: a fresh stack decides.
            with ThreadPoolExecutor(max_workers=1) as fresh:
                findings, imports = fresh.submit(_judge, text, encoding, language, policy, last=True).result()
        return self._verdict(findings, policy, language, started, imports=imports, code_sha256=_digest(text))

    def _policy(self, language: str, libraries: Collection[str] = ()) -> Policy:
        """Give the policy of a known language as it was when first needed, so that `policy_id` stays true."""
        key = (language, frozenset(libraries))
        if key not in self._policies:
            if libraries:
                self._policies[key] = with_libraries(self._policy(language), libraries)
            else:
                self._policies[key] = policy_for(language, self._folder)
        return self._policies[key]

    def _verdict(self, findings: Findings, policy: Policy, language: str, started: float, **more: Any) -> Verdict:
        issues = findings.issues()
        refuse = SecurityLevel.HIGH if self.strict_mode else SecurityLevel.CRITICAL
        unreadable = any(issue.category == "input" and issue.severity >= SecurityLevel.HIGH for issue in issues)
        return Verdict(
            safe=findings.worst < refuse and not unreadable,
            score=report.score(issues),
            security_level=findings.worst,
            issues=issues,
            language=language,
            duration_ms=round((time.perf_counter() - started) * 1000, 3),
            policy=policy.label,
            **more,
        )

    def _refused(self, language: str, started: float) -> Verdict:
        policy = self._policy("python")
        findings = Findings(policy, "")
        findings.add("input.language", None, f"There is no policy for the language {language[:40]!r}.")
        return self._verdict(findings, policy, language[:64], started)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _judge(
    text: str, encoding: str | None, language: str, policy: Policy, *, last: bool = False
) -> tuple[Findings, tuple[str, ...]]:
    """Give the findings and imports. Raises RecursionError where the stack does not suffice, unless it is the last."""
    findings = Findings(policy, text)
    if encoding is not None:
        findings.add("input.encoding", (1, 0), encoding)
    elif language == "python" and "coding" in text[:1000]:
        problem = decoding.cookie_problem(text[:1000].encode(errors="replace"))
        if problem:
            findings.add("input.encoding", (1, 0), problem)
    characters.check(text, findings)
    bounds.check(text, policy, findings, language)
    if findings.worst >= SecurityLevel.HIGH and bounds.stops(findings):
        return findings, ()
    if language == "python":
        characters.check_identifiers(text, findings)
    try:
        return findings, _analyse(text, policy, findings, language)
    except RecursionError:
        if not last:
            raise
        findings.add("input.too_deep", None, "The program nests too deeply to be analysed.")
        return findings, ()


def _analyse(text: str, policy: Policy, findings: Findings, language: str) -> tuple[str, ...]:
    analyse: Callable[[str, Policy, Findings], tuple[str, ...]] = (
        python.analyse if language == "python" else partial(_trees(language).analyse, language)
    )
    try:
        return analyse(text, policy, findings)
    except RecursionError:
        raise
    except TooLong:
        said = f"Judging the program takes more than {findings.budget.seconds} seconds of processor time."
        findings.add("input.too_large", None, said)
        return ()
    except Exception as error:  # noqa: BLE001 - a fault of the analyser refuses the program, never passes it
        findings.add("input.analyser", None, f"The analyser failed on this program: {type(error).__name__}.")
        return ()


def _trees(language: str) -> ModuleType:
    """Load the analysers on grammars with this one's grammar: they cost memory where only Python is run."""
    try:
        from windtunnel.validation import trees

        trees.grammar(language)
    except ModuleNotFoundError as error:
        raise LanguageUnavailable(language) from error
    return trees
