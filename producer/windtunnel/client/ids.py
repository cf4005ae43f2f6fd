"""Ids of jobs and batches, as types of their own. Imports nothing."""

from __future__ import annotations

from typing import NewType

JobId = NewType("JobId", str)
BatchId = NewType("BatchId", str)


def is_job(name: str) -> bool:
    """True for a job's id, False for a batch's."""
    return "-" in name
