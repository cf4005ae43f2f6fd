"""Static checks: source text in, verdict out. Pure; imports neither Redis nor Docker nor Celery."""

from windtunnel.contract import Issue, SecurityLevel, Verdict
from windtunnel_worker.validation.validator import SecurityValidator, format_report

__all__ = ["Issue", "SecurityLevel", "SecurityValidator", "Verdict", "format_report"]
