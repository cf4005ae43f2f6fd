"""`SecurityValidator`: one program's text in, one verdict out. Never raises for what a program contains."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from windtunnel.contract import SecurityLevel, Verdict
from windtunnel.validation import python, report, source
from windtunnel.validation.findings import Findings
from windtunnel.validation.policy import Policy, policy_for


class SecurityValidator:
    """Judges programs before they may take a sandbox. A filter in front of it, not the wall.

    Args:
        strict_mode: reject HIGH and above; otherwise only CRITICAL.
        policies: a folder with policy files of the deployment's own; for a language it lacks the
            shipped one stays.

    """

    def __init__(self, strict_mode: bool = True, *, policies: Path | None = None) -> None:
        self.strict_mode = strict_mode
        self._policies = policies

    def validate_code(self, code: str, language: str = "python") -> Verdict:
        """Judge a program. The text is exactly what will run."""
        return self._validate(code, None, language)

    def validate_bytes(self, code: bytes, language: str = "python") -> Verdict:
        """Judge a program by its bytes: they must be UTF-8, and a coding line may say nothing else."""
        text, problem = source.decode(code[: source.MOST_DECODED], cookie=language == "python")
        return self._validate(text, problem, language)

    def format_report(self, verdict: Verdict) -> str:
        """Give a verdict as text for people."""
        return report.format_report(verdict)

    def format_prompt(self, verdict: Verdict) -> str:
        """Give a verdict as text for the model that wrote the program."""
        return report.format_prompt(verdict)

    def _validate(self, text: str, encoding: str | None, language: str) -> Verdict:
        started = time.perf_counter()
        policy = policy_for(language, self._policies)
        if policy is None:
            return self._refused(language, started)
        findings = Findings(policy, text)
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        if encoding is not None:
            findings.add("input.encoding", (1, 0), encoding)
        elif language == "python" and "coding" in text[:1000]:
            problem = source.cookie_problem(text[:1000].encode(errors="replace"))
            if problem:
                findings.add("input.encoding", (1, 0), problem)
        source.check_characters(text, findings)
        source.check_bounds(text, policy, findings, language)
        imports: tuple[str, ...] = ()
        if findings.worst < SecurityLevel.HIGH or not source.stops(findings):
            if language == "python":
                source.check_identifiers(text, findings)
            imports = self._analyse(text, policy, findings, language)
        verdict = self._verdict(findings, policy, language, imports, started)
        return verdict.model_copy(update={"code_sha256": digest})

    def _analyse(self, text: str, policy: Policy, findings: Findings, language: str) -> tuple[str, ...]:
        if language == "python":
            return python.analyse(text, policy, findings)
        from windtunnel.validation import trees  # the grammars cost memory where only Python is run

        try:
            return trees.analyse(language, text, policy, findings)
        except Exception as error:  # noqa: BLE001 - a fault of the analyser refuses the program, never passes it
            findings.add("input.analyser", None, f"The analyser failed on this program: {type(error).__name__}.")
            return ()

    def _verdict(
        self, findings: Findings, policy: Policy, language: str, imports: tuple[str, ...], started: float
    ) -> Verdict:
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
            imports=imports,
        )

    def _refused(self, language: str, started: float) -> Verdict:
        policy = policy_for("python", self._policies)
        if policy is None:
            raise RuntimeError("the shipped policy is missing")
        findings = Findings(policy, "")
        findings.add("input.language", None, f"There is no policy for the language {language[:40]!r}.")
        return self._verdict(findings, policy, language[:64], (), started)
