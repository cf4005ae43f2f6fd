"""Logs as JSON, a line each, where `WINDTUNNEL_LOG_FORMAT=json`. May import keyspace."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime

from windtunnel.keyspace import batch_of

log = logging.getLogger(__name__)

SECRET = re.compile(r"(://[^:/@\s]*:)\S+@|((?:password|secret|token)=)[^\s&,]+", re.IGNORECASE)
BATCH_OF = re.compile(r"[0-9a-z]+-\d+$")
OWN = "wt_"
"""Prefix of the fields that an observer's facts have in a record."""


def redacted(text: str) -> str:
    """The text with the passwords of URLs and settings masked."""
    return SECRET.sub(lambda found: f"{found[1]}***@" if found[1] else f"{found[2]}***", text)


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, process, message, and the fields that were given with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "pid": record.process,
            "message": redacted(record.getMessage()),
        }
        said = re.match(r"action=(\S+)(?: job=(\S+))?", record.getMessage())
        if said:
            fields.update(action=said[1], **({"job_id": said[2]} if said[2] else {}))
        for name, value in vars(record).items():
            if name in ("action", "job_id") or name.startswith(OWN):
                fields[name.removeprefix(OWN)] = redacted(value) if isinstance(value, str) else value
        if BATCH_OF.match(str(fields.get("job_id"))):
            fields["batch_id"] = batch_of(str(fields["job_id"]))
        if record.exc_info:
            fields["exception"] = redacted(self.formatException(record.exc_info))
        return json.dumps(fields, default=str)


def start_with_json() -> None:
    """Have this process write JSON from its start on: warnings and exceptions that end it too.

    Celery sets up its own log later, for which `use_json` is called again. What it says on standard output, outside
    of any log, is thrown away.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    logging.basicConfig(level=logging.INFO)
    use_json(logging.getLogger())
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: log.critical("action=died", exc_info=(kind, error, trace))


def use_json(logger: logging.Logger) -> None:
    """Have a logger's handlers write JSON."""
    for handler in logger.handlers:
        handler.setFormatter(JsonFormatter())
